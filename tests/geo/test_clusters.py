"""Clusters by a plain radius, against joining every pair by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sqlalchemy import Connection, text

from geo import arrays
from geo.clusters import plain_radius

SPOT = st.tuples(st.integers(0, 20), st.integers(0, 20))


def joined_by_hand(x: np.ndarray, y: np.ndarray, group: np.ndarray, radius: float) -> list[int]:
    """Number the clusters by their first points, spreading from point to point."""
    near = np.sqrt((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2) <= radius
    near &= group[:, None] == group
    cluster = np.full(len(x), -1)
    for i in range(len(x)):
        if cluster[i] < 0:
            members = near[i]
            while (near[members].any(axis=0) & ~members).any():
                members = near[members].any(axis=0)
            cluster[members] = cluster.max() + 1
    return cluster.tolist()


@given(
    points=st.lists(st.tuples(SPOT, st.integers(0, 2)), min_size=1, max_size=40),
    radius=st.sampled_from([0.5, 1.0, math.sqrt(2), 2.0, math.sqrt(5), 5.0]),
)
def test_clusters_equal_joining_every_pair(points: list[tuple[tuple[int, int], int]], radius: float) -> None:
    """Points exactly a radius apart are joined, whatever cells they are in."""
    x, y = np.array([spot for spot, _ in points], float).T
    group = np.array([group for _, group in points])
    assert plain_radius(x, y, radius, group).tolist() == joined_by_hand(x, y, group, radius)
    alike = np.zeros(len(x))
    assert plain_radius(x, y, radius).tolist() == joined_by_hand(x, y, alike, radius)


@pytest.mark.parametrize("radius", [2.0, 12.0, 45.0])
def test_many_points_have_the_partition_of_scikit_learn(radius: float) -> None:
    rng = np.random.default_rng(7)
    centres = rng.uniform(0, 4000, (300, 2))
    points = centres[rng.integers(0, 300, 6000)] + rng.normal(0, 15, (6000, 2)) + (331_000, 4_690_000)
    expected = DBSCAN(eps=radius, min_samples=1).fit_predict(points)
    # Both number clusters by their first points.
    np.testing.assert_array_equal(plain_radius(*points.T, radius), expected)


@pytest.mark.parametrize("shift", [0, -3, 70_000])
def test_threads_share_groups_and_change_nothing(monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    """Groups are of very different sizes, and numbered by any numbers."""
    rng = np.random.default_rng(11)
    x, y = rng.uniform(0, 300, (2, 2000))
    group = rng.geometric(0.4, 2000) * 5 + shift
    alone = plain_radius(x, y, 6.0, group)
    monkeypatch.setattr(arrays, "_WORTH_THREADS", 0)
    monkeypatch.setattr(arrays, "workers", lambda: 3)
    assert plain_radius(x, y, 6.0, group).tolist() == alone.tolist() == joined_by_hand(x, y, group, 6.0)


@pytest.mark.parametrize("radius", [5.0, 10.0, 30.0])
def test_points_have_the_partition_of_postgis(connection: Connection, radius: float) -> None:
    """On whole metres many pairs lie exactly a radius apart, in every direction."""
    rng = np.random.default_rng(3)
    points = np.array([331_000.0, 4_690_000.0]) + rng.integers(0, 400, (1500, 2))
    group = rng.integers(0, 4, 1500).astype(np.int32)
    rows = connection.execute(
        text(
            "SELECT ST_ClusterDBSCAN(ST_MakePoint(x, y), :radius, 1) OVER (PARTITION BY grp)"
            " FROM unnest(CAST(:x AS float[]), CAST(:y AS float[]), CAST(:grp AS int[]))"
            " WITH ORDINALITY AS t (x, y, grp, i) ORDER BY i"
        ),
        {"radius": radius, "x": points[:, 0].tolist(), "y": points[:, 1].tolist(), "grp": group.tolist()},
    )
    theirs = list(zip(group.tolist(), rows.scalars(), strict=True))
    ours = plain_radius(*points.T, radius, group).tolist()
    # The numbers differ, so each of one's clusters must be exactly one of the other's.
    assert len(set(zip(ours, theirs, strict=True))) == len(set(ours)) == len(set(theirs))


def test_a_crowd_on_one_spot_is_one_cluster() -> None:
    x = np.concatenate([np.full(50_000, 10.0), [10.0, 500.0]])
    cluster = plain_radius(x, np.zeros(50_002), 1.0)
    assert (cluster[:-1] == 0).all()
    assert cluster[-1] == 1


def test_what_is_no_place_is_in_no_cluster() -> None:
    assert plain_radius([0, math.nan, 1, math.inf], [0, 0, 0, 0], 5.0).tolist() == [0, -1, 0, -1]
    assert plain_radius([], [], 5.0).tolist() == []


@pytest.mark.parametrize("radius", [0.0, -1.0, math.nan, math.inf])
def test_a_radius_must_be_a_length(radius: float) -> None:
    with pytest.raises(ValueError, match="radius_m must be a number above 0"):
        plain_radius([0.0], [0.0], radius)
