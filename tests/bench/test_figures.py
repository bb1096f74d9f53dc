"""The page of figures says what was measured, which goals were met, and which were not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import figures, scale, zones
from webapp.config import CHECKOUT

FOUND = {
    "name": "snap",
    "machine": {
        "cores": 2,
        "processor": "Any",
        "python": "3.11",
        "load_before": 0.1,
        "versions": {"numba": "1"},
    },
    "goals": {"times_as_fast_as": {"geopandas": 8.0, "osmnx": 20.0}, "equal": 1.0, "one_pin_us": 30.0},
    "datasets": [
        {
            "data": "a city",
            "one_pin_us": 12.5,
            "times_as_fast_as": {"geopandas": 7.5},
            "runs": [
                {"tool": "pinward", "way": "a", "count": 10, "each_us": 1.0, "equal": None, "peak_mb": 3.0},
                {
                    "tool": "geopandas",
                    "way": "b|c",
                    "count": 10,
                    "each_us": 7.5,
                    "equal": 1.0,
                    "peak_mb": None,
                },
            ],
        }
    ],
}


def test_each_goal_is_met_missed_or_not_measured() -> None:
    said = {verdict.what: verdict.words for verdict in figures.verdicts(FOUND)}
    assert said == {
        "times_as_fast_as geopandas": "**missed**",
        "times_as_fast_as osmnx": "not measured",
        "equal": "met",
        "one_pin_us": "met",
    }


def test_goals_that_differ_between_datasets_find_theirs() -> None:
    datasets = [{"data": f"zoom {z}", "times_as_fast_as": {"tipg": z}, "runs": []} for z in (10, 12)]
    found = FOUND | {"goals": {"times_as_fast_as_tipg": {"10": 5, "12": 25, "14": 1}}, "datasets": datasets}
    assert [(v.what, v.figure, v.words) for v in figures.verdicts(found)] == [
        ("times_as_fast_as_tipg 10", 10, "met"),
        ("times_as_fast_as_tipg 12", 12, "**missed**"),
        ("times_as_fast_as_tipg 14", None, "not measured"),
    ]


def test_the_page_names_machine_versions_ratios_and_how_to_repeat_it() -> None:
    text = figures.page([FOUND])
    for part in ("2 met, 1 missed, 1 not measured", "numba 1", "7.5 times as fast as geopandas", "b\\|c",
                 "pinward bench snap --json > figures/snap.json", "| snap | a city | one pin (µs) | ≤ 30 |"):  # fmt: skip
        assert part in text


def test_a_file_that_no_benchmark_wrote_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text('{"name": "odd"}')
    with pytest.raises(ValueError, match=r"odd.json lacks datasets, goals, machine"):
        figures.read(tmp_path)


def test_a_small_run_makes_a_page(tmp_path: Path) -> None:
    """What a benchmark prints is what the script reads; all peers that are installed agree with us."""
    found = zones.run(2000)
    assert all(data["runs"][0]["tool"] == "pinward" for data in found["datasets"])
    assert all(verdict.figure == 1.0 for verdict in figures.verdicts(found) if verdict.what == "equal")
    (tmp_path / "zones.json").write_text(json.dumps(found))
    written = tmp_path / "performance.md"
    subprocess.run([sys.executable, CHECKOUT / "script" / "performance", tmp_path, written], check=True)
    assert "ZoneIndex.all" in written.read_text()


def test_exponents_of_growth() -> None:
    assert scale.exponents([(10, 1.0), (100, 10.0), (1000, 1000.0)]) == [1.0, 2.0]
    assert {"snap", "zones", "locate", "cluster"} <= set(scale.benchmarks())
