"""Strokes: streets go on straight ahead or under one name, and are as long as all of their pieces."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.polylines import Polylines
from geo.strokes import stroke_lengths

UNNAMED = -1


def lengths(*pieces: list[tuple[float, float]], names: list[int] | None = None) -> list[float]:
    lines = Polylines.from_shapely([shapely.LineString(piece) for piece in pieces])
    return stroke_lengths(lines, np.array(names or [UNNAMED] * len(pieces), np.int32)).round(6).tolist()


def test_a_street_goes_on_across_its_side_streets_whichever_way_it_was_digitised() -> None:
    assert lengths([(0, 0), (100, 0)], [(200, 5), (100, 0)], [(100, 0), (100, 70)]) == [
        round(100 + float(np.hypot(100, 5)), 6),
        round(100 + float(np.hypot(100, 5)), 6),
        70,
    ]


def test_of_two_ways_on_the_straighter_one_is_taken_and_of_two_crossing_streets_each_goes_on() -> None:
    assert (
        lengths([(0, 0), (100, 0)], [(100, 0), (200, 30)], [(100, 0), (200, -10)])[1]
        == lengths([(100, 0), (200, 30)])[0]
    )
    crossing = lengths([(-50, 0), (0, 0)], [(0, 0), (50, 0)], [(0, -20), (0, 0)], [(0, 0), (0, 20)])
    assert crossing == [100, 100, 40, 40]


def test_a_sharp_bend_ends_a_stroke_unless_the_name_goes_round_it() -> None:
    corner = [(0.0, 0.0), (100.0, 0.0)], [(100.0, 0.0), (150.0, 86.6)]
    assert lengths(*corner)[0] == 100
    assert lengths(*corner, names=[4, 4])[0] > 199
    assert lengths(*corner, names=[4, 5])[0] == 100


def test_pieces_that_only_come_near_do_not_meet_and_a_ring_is_counted_once() -> None:
    assert lengths([(0, 0), (100, 0)], [(100.2, 0), (200, 0)])[0] == 100
    ring = [(float(np.cos(a)), float(np.sin(a))) for a in np.linspace(0, 2 * np.pi, 25)]
    pieces = [[ring[i], ring[i + 1]] for i in range(24)]
    around = sum(shapely.LineString(piece).length for piece in pieces)
    np.testing.assert_allclose(lengths(*pieces), around)
    np.testing.assert_allclose(lengths(ring), around)


@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 4).filter(lambda p: p[:2] != p[2:]), min_size=1, max_size=25)
)
def test_each_stroke_is_whole(ends: list[tuple[int, int, int, int]]) -> None:
    """Its pieces' lengths come to its own length as often as it has that length."""
    pieces = [[(100.0 * a, 100.0 * b), (100.0 * c, 100.0 * d)] for a, b, c, d in ends]
    own = np.array([shapely.LineString(piece).length for piece in pieces])
    whole = np.array(lengths(*pieces))
    assert (whole >= own - 1e-6).all()
    assert whole.max() <= own.sum() + 1e-6
    # Strokes of the same length are told apart no further: together they are a whole number of them.
    for length in np.unique(whole.round(3)):
        strokes = own[np.isclose(whole, length, atol=2e-3)].sum() / length
        np.testing.assert_allclose(strokes, np.round(strokes), atol=1e-4)
