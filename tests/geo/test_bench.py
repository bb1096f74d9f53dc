"""The benchmarks compare like with like: PostGIS gives our answers, and the command finds the benchmarks."""

import numpy as np
import shapely
from click.testing import CliRunner

from bench import datasets, measure, postgis
from geo.clusters import plain_radius
from geo.polylines import Polylines
from geo.segments import SegmentIndex
from geo.zones import ZoneIndex
from webapp.cli import main


def test_postgis_as_a_peer_gives_our_answers(database_url: str) -> None:
    rng = np.random.default_rng(0)
    zones = datasets.ragged_districts(count=6, vertices=600)
    lines = shapely.linestrings(rng.uniform(0, 20_000, (80, 3, 2)))
    x, y = rng.uniform(0, 20_000, (2, 400))
    with postgis.scratch(database_url) as connection:
        postgis.load(connection, "segments", lines)
        postgis.load(connection, "zones", zones)
        postgis.load(connection, "pins", shapely.points(x, y))
        ways, (pins, found) = postgis.nearest(connection), postgis.memberships(connection)
    nearest = SegmentIndex(Polylines.from_shapely(lines)).nearest(x, y, max_m=1e6)
    np.testing.assert_allclose(ways, nearest.distance_m, atol=1e-6)
    offsets, ours = ZoneIndex(zones).all(x, y)
    np.testing.assert_array_equal(found, ours)
    np.testing.assert_array_equal(pins, np.repeat(np.arange(len(x)), np.diff(offsets)))


def test_clusters_of_postgis_are_ours(database_url: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 300, (2, 600))
    service = rng.integers(0, 3, 600).astype(np.int32)
    with postgis.scratch(database_url) as connection:
        postgis.load(connection, "reports", shapely.points(x, y))
        postgis.number(connection, "reports", "service", service)
        theirs = postgis.clusters(connection, 10.0)
    ours = plain_radius(x, y, 10.0, service)
    assert 1 < len(np.unique(ours)) < 600
    pairs = len(np.unique(np.column_stack([ours, theirs]), axis=0))
    assert pairs == len(np.unique(ours)) == len(np.unique(theirs))


def test_generated_zones_are_valid_and_share_their_borders() -> None:
    districts = datasets.ragged_districts(count=12, vertices=3000)
    assert shapely.is_valid(districts).all()
    shared = shapely.union_all(districts).area
    np.testing.assert_allclose(shapely.area(districts).sum(), shared, rtol=1e-6)
    assert shapely.is_valid(datasets.overlapping_areas(count=30)).all()


def test_ratios_count_the_fastest_way_of_each_tool() -> None:
    runs = [
        measure.Run("pinward", "a", 10, 1.0, None),
        measure.Run("other", "slow", 10, 9.0, None),
        measure.Run("other", "fast, on fewer", 5, 2.0, None),
    ]
    assert measure.ratios(runs) == {"other": 4.0}


def test_the_command_lists_the_benchmarks_and_names_them_on_a_slip() -> None:
    listed = CliRunner().invoke(main, ["bench"])
    assert {"snap", "zones"} <= set(listed.output.split())
    slip = CliRunner().invoke(main, ["bench", "snaps"])
    assert slip.exit_code != 0
    assert f"{', '.join(listed.output.split())}." in " ".join(slip.output.split())
