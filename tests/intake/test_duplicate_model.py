"""The model file, learning it from a past, judging it, and the commands that do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from geo.calibration import NEVER
from geo.duplicates import Limits
from geo.matching import Matcher
from geo.pair_features import FEATURES
from tests.intake import made_history
from webapp.cli import main
from webapp.intake.duplicates import ModelError, load, save, shipped
from webapp.intake.learning.evaluation import Truth, evaluate
from webapp.intake.learning.fitting import fit
from webapp.intake.learning.held_back import judge, replay
from webapp.intake.learning.history import History, HistoryError, read_history
from webapp.intake.learning.rules import RULES, apply

ZONE = "America/New_York"

# ---------------------------------------------------------------- the file


def test_the_shipped_model_says_where_it_is_from_and_can_be_used() -> None:
    model = shipped()
    assert {"data", "from", "to", "fitted_on", "method", "reports", "linked_pairs"} <= set(model.about)
    assert model.outlook is not None
    expected = model.outlook.expect(model.limits.auto, model.limits.flag)
    assert expected.wrong <= 0.05 * expected.joined + 0.05
    assert 0 < model.limits.flag < model.limits.auto <= NEVER


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save(shipped(), tmp_path / "model.toml")
    again = load(tmp_path / "model.toml")
    for mine, theirs in zip(again.weights, shipped().weights, strict=True):
        assert np.array_equal(mine, theirs)
    assert again.services == shipped().services
    assert again.affinities == shipped().affinities
    assert again.limits == shipped().limits
    assert again.about == shipped().about


def test_odd_texts_survive(tmp_path: Path) -> None:
    about = {"data": 'a "quoted" C:\\path'}
    save(replace(shipped(), about=about), tmp_path / "model.toml")
    assert load(tmp_path / "model.toml").about == about


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[features.words]", "[features.wrods]", "words, wrods"),
        ("[limits]", "[limitations]", "'limits' is missing"),
        ("reach_m = 250.0", "", "reach_m"),
        ("knots = [0.0, 15.0,", "knots = [0.0, -15.0,", "features.distance_m: knots must ascend"),
        ("knots = [0.0, 15.0,", "knots = [nan, 15.0,", "features.distance_m: knots must ascend"),
        ("knots = [0.0, 15.0,", "knots = [15.0,", "features.distance_m"),
        ("nesting = ", "nesting == ", "line 5"),
        ("nesting = ", "nesting = -", "nesting"),
    ],
)
def test_a_broken_file_is_told_what_is_wrong(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "model.toml"
    save(shipped(), path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError, match=r"model\.toml") as caught:
        load(path)
    assert complaint in str(caught.value)
    assert "pinward duplicates fit" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


# ---------------------------------------------------------------- reading a past


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_past_is_read_in_the_order_of_its_times(tmp_path: Path, suffix: str) -> None:
    paths = made_history.write(tmp_path, n=300, suffix=suffix)
    history = read_history(*paths, ZONE)
    assert len(history) == 300
    assert (np.diff(history.opened) >= 0).all()
    assert history.services == sorted(made_history.SERVICES)
    assert history.groups == ["Trash", "Street", "Street"]
    assert (history.links[:, 0] > history.links[:, 1]).all()
    assert history.repeats[history.linked].all()
    assert not history.came_first.any()


def table(**changes: Any) -> pa.Table:
    columns: dict[str, Any] = {
        "case_enquiry_id": [3, 1, 2],
        "open_dt": ["2024-07-01 12:00:00", "2024-01-01 12:00:00", "2024-01-02 12:00:00"],
        "closed_dt": ["2024-07-02 12:00:00", None, "2024-01-03 12:00:00"],
        "type": ["Pothole"] * 3,
        "latitude": [42.0, 42.0, 42.0],
        "longitude": [-71.0, -71.0, None],
        "source": ["Employee Generated", "Constituent Call", None],
        "default_xy": [False, True, False],
        "is_dup": [False, True, True],
    }
    return pa.table({name: column for name, column in (columns | changes).items() if column is not None})


def read(folder: Path, reports: pa.Table, pairs: list[tuple[int, int, int]]) -> History:
    pyarrow.parquet.write_table(reports, folder / "reports.parquet")
    a, b, label = zip(*pairs, strict=True)
    pyarrow.parquet.write_table(pa.table({"id_a": a, "id_b": b, "label": label}), folder / "pairs.parquet")
    return read_history(folder / "reports.parquet", folder / "pairs.parquet", ZONE)


def test_what_the_columns_mean(tmp_path: Path) -> None:
    history = read(tmp_path, table(), [(1, 2, 1), (3, 1, 0), (3, 99, 1)])
    assert history.ids.tolist() == [1, 2, 3]
    # Noon in New York: 17:00 UTC in winter, 16:00 in summer.
    assert history.opened[0] == np.datetime64("2024-01-01T17:00:00", "s").astype(int)
    assert history.opened[2] == np.datetime64("2024-07-01T16:00:00", "s").astype(int)
    assert history.closed[0] == np.inf
    assert history.matchable.tolist() == [False, False, True]
    assert np.asarray(history.reports.by_staff).tolist() == [0, -1, 1]
    # Report 1 was closed as a duplicate of the later 2; 3 and a report not in the file are not linked.
    assert history.links.tolist() == [[1, 0]]
    assert history.came_first.tolist() == [True, False, False]
    assert history.linked.tolist() == [False, True, False]


def test_without_the_column_the_pairs_say_what_is_a_duplicate(tmp_path: Path) -> None:
    history = read(tmp_path, table(is_dup=None), [(2, 1, 1)])
    assert history.repeats.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"open_dt": None}, "has no column open_dt"),
        ({"open_dt": ["2024-07-01", None, "2024-07-01"]}, "open_dt must hold a time in every row"),
        ({"open_dt": [1, 2, 3]}, "open_dt"),
        ({"type": ["Pothole", None, "Pothole"]}, "type must hold a text"),
        ({"latitude": [None, None, None]}, "hold no point"),
        ({"latitude": ["north", "", ""]}, "latitude"),
    ],
)
def test_a_past_that_cannot_be_read(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(HistoryError, match=complaint):
        read(tmp_path, table(**changes), [(2, 1, 1)])


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "reports.parquet").write_text("<html>not found</html>")
    with pytest.raises(HistoryError, match=r"reports\.parquet cannot be read"):
        read_history(tmp_path / "reports.parquet", tmp_path / "reports.parquet", ZONE)


# ---------------------------------------------------------------- learning


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> History:
    return read_history(*made_history.write(tmp_path_factory.mktemp("past")), ZONE)


@pytest.fixture(scope="module")
def learned(past: History) -> Any:
    return fit(past.first(2400))


def test_what_was_learned_is_found_again_in_what_follows(past: History, learned: Any) -> None:
    found = evaluate(past, 2400, replace(learned, limits=replace(learned.limits, auto=0.5, flag=0.2)))
    assert found["judged"]["reports"] == 1600
    assert found["model"]["average_precision"] > 0.9
    assert found["model"]["hit_at_1"] > 0.9
    assert found["model"]["calibration_error"] < 0.02
    best_rule = max(rule["average_precision"] for rule in found["rules"].values())
    assert found["model"]["average_precision"] > best_rule + 0.05
    seen = found["of_1000_reports"]["seen"]
    assert seen["joined"] > 50
    assert seen["wrong"] < 0.1 * seen["joined"]


def test_services_are_learned_and_shrunk(past: History, learned: Any) -> None:
    rates = {name: 1 / (1 + np.exp(-each.repeat_rate)) for name, each in learned.services.items()}
    assert rates["street-light-out"] == pytest.approx(0.3, abs=0.05)
    assert rates["missed-trash"] == pytest.approx(0.03, abs=0.02)
    few = fit(past.first(60))
    overall = 1 / (1 + np.exp(-few.unknown_service.repeat_rate))
    own = past.first(60).repeats[past.first(60).service == past.services.index("Street Light Out")].mean()
    assert abs(1 / (1 + np.exp(-few.services["street-light-out"].repeat_rate)) - overall) < abs(own - overall)


def lamps_and_couches(tmp_path: Path, north_m: list[int], lamps: list[bool], couches: list[bool]) -> History:
    """Return what became of lamps and couches at 60 places.

    At each two of both within minutes, and two days later again, so far north of the place; those marked
    repeat the one before.
    """
    minutes = np.array([0, 5, 4000, 4005])
    place, visit, service = (part.ravel() for part in np.indices((60, 4, 2)))
    ids = np.arange(len(place))
    repeats = np.array([lamps, couches])[service, visit]
    start = np.datetime64("2024-03-01", "us")
    columns = {
        "case_enquiry_id": ids,
        "open_dt": start + (minutes[visit] + 60 * place).astype("timedelta64[m]"),
        "closed_dt": pa.nulls(len(ids), pa.timestamp("us")),
        "type": np.array(["Lamp", "Couch"])[service],
        "latitude": 42.0 + 0.01 * place + np.array(north_m)[visit] / 111_000,
        "longitude": np.full(len(ids), -71.0),
        "source": pa.nulls(len(ids), pa.string()),
        "default_xy": np.zeros(len(ids), bool),
        "is_dup": repeats,
    }
    return read(tmp_path, table(**columns), [(int(i), int(i) - 2, 1) for i in ids[repeats]])


def test_what_a_short_gap_means_is_learned_for_each_service(tmp_path: Path) -> None:
    shortly_after, never = [False, True, False, True], [False] * 4
    services = fit(lamps_and_couches(tmp_path, [0] * 4, shortly_after, never)).services
    assert services["lamp"].newest < -0.1
    assert services["couch"].newest > services["lamp"].newest + 0.2


def test_what_a_distance_means_is_learned_for_each_service(tmp_path: Path) -> None:
    # The second is 150 m off, the fourth is at the place of the third.
    far, near = [False, True, False, False], [False, False, False, True]
    services = fit(lamps_and_couches(tmp_path, [0, 150, 0, 0], near, far)).services
    assert services["lamp"].afar < -0.1
    assert services["couch"].afar > services["lamp"].afar + 0.2


def test_nearer_and_sooner_counts_for_more(learned: Any) -> None:
    for name in ("distance_m", "gap_h"):
        row = FEATURES.index(name)
        used = np.isfinite(learned.weights.knots[row])
        assert learned.weights.weights[row, used][0] > learned.weights.weights[row, used][-1] + 0.2


def test_what_the_past_cannot_teach_stays_as_believed(learned: Any) -> None:
    for name, weights in (("same_asset", (-1.5, 2.0)), ("same_side", (-0.2, 0.2))):
        assert learned.weights.weights[FEATURES.index(name)][:2] == pytest.approx(weights, abs=0.02)


def test_the_replay_lets_nothing_join(past: History, learned: Any) -> None:
    eager = replace(learned, limits=Limits(0.01, 0.01, 250.0, 14.0))
    assert (replay(eager, past).ticket == np.arange(len(past))).all()
    services = eager.bind(past.services, past.groups)
    assert len(Matcher(services, eager)) == 0


def test_who_is_right_and_of_what_nobody_can_tell(tmp_path: Path, learned: Any) -> None:
    minutes = ["00", "05", "10", "15"]
    reports = pa.table(
        {
            "case_enquiry_id": [1, 2, 3, 4],
            "open_dt": [f"2024-05-01 12:{minute}:00" for minute in minutes],
            "closed_dt": pa.nulls(4, pa.timestamp("us")),
            "type": ["Pothole"] * 4,
            "location": ["1 A St", "1 A St", "1 A St", "9 B St"],
            "latitude": [42.0, 42.0, 42.0, 42.0005],
            "longitude": [-71.0] * 4,
            "is_dup": [False, True, False, False],
        }
    )
    history = read(tmp_path, reports, [(2, 1, 1)])
    judged = judge(history, replay(learned, history))
    assert judged.right.tolist() == [False, True, False, False]
    # The third is at the same address within minutes, and nobody called it a duplicate; the fourth is elsewhere.
    assert judged.known.tolist() == [True, True, False, True]


# ---------------------------------------------------------------- the commands


def run(*arguments: object) -> Any:
    return CliRunner().invoke(main, ["duplicates", *map(str, arguments)])


def test_fit_writes_a_model_that_evaluate_judges(tmp_path: Path) -> None:
    reports, pairs = made_history.write(tmp_path, n=2000)
    out = tmp_path / "model.toml"
    fitted = run("fit", "--reports", reports, "--pairs", pairs, "--out", out)
    assert fitted.exit_code == 0, fitted.output
    assert "Of 1,000 reports:" in fitted.output
    model = load(out)
    assert model.about["reports"] == 2000
    assert model.limits.auto < NEVER
    assert model.outlook is not None

    files = ("--reports", reports, "--pairs", pairs)
    judged = run("evaluate", *files, "--split", "none", "--model", out, "--json")
    assert judged.exit_code == 0, judged.output
    found = json.loads(judged.stdout)
    assert found["judged"]["reports"] == 2000
    assert set(found["rules"]) == {rule.name for rule in RULES}
    assert found["of_1000_reports"]["expected"]["joined"] > 0

    words = run("evaluate", *files, "--split", "none", "--model", out)
    assert "Calibration error" in words.output


def test_evaluate_splits_by_time(tmp_path: Path) -> None:
    reports, pairs = made_history.write(tmp_path, n=1000)
    judged = run("evaluate", "--reports", reports, "--pairs", pairs, "--split", "time", "--json")
    assert judged.exit_code == 0, judged.output
    found = json.loads(judged.stdout)
    assert found["judged"]["reports"] == 400
    assert found["fitted"]["reports"] == 600
    assert found["fitted"]["to"] <= found["judged"]["from"]
    assert 0.5 < found["model"]["average_precision"] <= 1


def test_a_model_goes_with_no_split(tmp_path: Path) -> None:
    reports, pairs = made_history.write(tmp_path, n=100)
    save(shipped(), tmp_path / "model.toml")
    refused = run("evaluate", "--reports", reports, "--pairs", pairs, "--model", tmp_path / "model.toml")
    assert refused.exit_code == 2
    assert "--split none" in refused.output


def test_a_file_without_a_column_is_refused_with_the_column(tmp_path: Path) -> None:
    _, pairs = made_history.write(tmp_path, n=100)
    refused = run("evaluate", "--reports", pairs, "--pairs", pairs)
    assert refused.exit_code == 1
    assert "case_enquiry_id" in refused.output


def test_a_model_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    reports, pairs = made_history.write(tmp_path, n=100)
    (tmp_path / "model.toml").write_text("nothing = 1\n")
    refused = run(
        "evaluate",
        "--reports",
        reports,
        "--pairs",
        pairs,
        "--split",
        "none",
        "--model",
        tmp_path / "model.toml",
    )
    assert refused.exit_code == 1
    assert "'features' is missing" in refused.output


# ---------------------------------------------------------------- Boston


@pytest.fixture(scope="module")
def boston(shared_data: Path) -> History:
    folder = shared_data / "boston"
    return read_history(folder / "reports_2011h2.parquet", folder / "duplicate_pairs_2011h2.parquet", ZONE)


@pytest.mark.shared
def test_the_rules_of_today_on_boston(boston: History) -> None:
    # What others measured for the first rule on the same part of the year: .71, .85 and .28.
    truth = Truth(boston, int(0.6 * len(boston)))
    figures = truth.figures(*apply(RULES[0], boston))
    assert figures["hit_at_1"] == pytest.approx(0.71, abs=0.03)
    assert figures["hit_at_3"] == pytest.approx(0.85, abs=0.02)
    assert figures["average_precision"] == pytest.approx(0.28, abs=0.01)


@pytest.mark.shared
def test_the_shipped_model_on_the_year_it_was_fitted_to(boston: History) -> None:
    found = evaluate(boston, 0, shipped())
    assert found["model"]["hit_at_1"] >= 0.8
    assert found["model"]["hit_at_3"] >= 0.92
    assert found["model"]["average_precision"] >= 0.5
    assert found["model"]["calibration_error"] <= 0.02
    # A fall-back point is never matched by place.
    decisions = replay(shipped(), boston)
    assert (decisions.suggestions[~boston.matchable] == -1).all()
    assert not np.isin(np.flatnonzero(~boston.matchable), decisions.suggestions).any()
