"""Thresholds, what they lead to, and how far probabilities can be trusted."""

import numpy as np
import pytest

from geo.calibration import NEVER, calibration_error, outlook, threshold

RNG = np.random.default_rng(3)
PROBABILITY = RNG.uniform(size=20_000)
RIGHT = RNG.uniform(size=20_000) < PROBABILITY
KNOWN = np.ones(20_000, bool)


def test_probabilities_that_come_true_have_no_error() -> None:
    assert calibration_error(PROBABILITY, RIGHT) < 0.01
    assert calibration_error(PROBABILITY / 2, RIGHT) == pytest.approx(0.25, abs=0.01)
    assert calibration_error([1.0, 1.0, 0.0], [True, False, False]) == pytest.approx(1 / 3)
    assert calibration_error([], []) == 0.0


@pytest.mark.parametrize("target", [0.7, 0.9, 0.95])
def test_a_threshold_holds_its_target_and_no_lower_level_does(target: float) -> None:
    level = threshold(PROBABILITY, RIGHT, KNOWN, target)
    # Where probabilities come true, the mean of those from p to 1 is (1 + p) / 2.
    assert 2 * target - 1 - 0.02 <= level <= 2 * target - 1 + 0.05
    assert RIGHT[level <= PROBABILITY].mean() >= target - 0.001
    assert RIGHT[level - 0.06 <= PROBABILITY].mean() < target


def test_the_fewer_cases_the_more_careful() -> None:
    levels = [threshold(PROBABILITY[:n], RIGHT[:n], KNOWN[:n], 0.8) for n in (200, 2_000, 20_000)]
    assert levels[0] > levels[1] > levels[2]


def test_a_handful_of_lucky_cases_sets_no_threshold() -> None:
    assert threshold([0.9] * 5, [True] * 5, [True] * 5, 0.95) == NEVER
    assert threshold([0.9] * 50, [True] * 50, [True] * 50, 0.95) == pytest.approx(0.0)


def test_what_nobody_can_tell_counts_neither_way() -> None:
    wrong_ones_unknown = RIGHT | (RNG.uniform(size=len(RIGHT)) < 0.01)
    assert threshold(PROBABILITY, RIGHT, wrong_ones_unknown, 0.97) < 0.2


def test_the_outlook_tells_what_thresholds_lead_to() -> None:
    seen = outlook(PROBABILITY, PROBABILITY / 2, RIGHT, KNOWN)
    expected = seen.expect(0.4, 0.5)
    assert expected.joined == pytest.approx(200, abs=10)
    assert expected.flagged == pytest.approx(300, abs=15)
    assert expected.wrong == pytest.approx(200 * 0.1, abs=5)


def test_nothing_joins_at_never() -> None:
    expected = outlook(PROBABILITY, PROBABILITY, RIGHT, KNOWN).expect(NEVER, 0.5)
    assert (expected.joined, expected.wrong) == (0.0, 0.0)
    assert expected.flagged == pytest.approx(500, abs=15)


def test_of_what_nobody_can_tell_as_much_is_taken_to_be_wrong() -> None:
    known = RNG.uniform(size=len(RIGHT)) < 0.5
    both = [outlook(PROBABILITY, PROBABILITY, RIGHT, each).expect(0.5, 0.5).wrong for each in (KNOWN, known)]
    assert both[0] == pytest.approx(both[1], rel=0.1)
