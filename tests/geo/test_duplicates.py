"""One report and the tickets near by: the candidate rule, the features, the probabilities, the decision."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.duplicates import FLAGGED, JOINED, NONE, Reports, Tickets, judge, service_key
from geo.pair_features import FEATURES, MOST_CANDIDATES, Services
from geo.text import words
from tests.geo.matching_oracle import GROUPS, SERVICES, model, one, shares, some

MODEL = model()
BOUND = MODEL.bind(SERVICES, GROUPS)
LIGHT, POTHOLE, GRAFFITI = 0, 1, 2
HOUR, DAY = 3600.0, 86400.0


def features(report: Reports, ticket: Tickets, services: Services = BOUND) -> dict[str, float]:
    verdict = judge(report, ticket, services, MODEL)
    assert len(verdict.features) == 1
    return dict(zip(FEATURES, verdict.features[0].tolist(), strict=True))


def is_candidate(report: Reports, ticket: Tickets) -> bool:
    return len(judge(report, ticket, BOUND, MODEL).suggestions) == 1


# ---------------------------------------------------------------- the candidate rule


def test_reach_includes_its_end() -> None:
    assert is_candidate(one(), some(1, x=36.0, y=48.0))
    assert not is_candidate(one(), some(1, x=36.0, y=48.001))


def test_an_open_ticket_is_a_candidate_however_old() -> None:
    assert is_candidate(one(), some(1, opened=-4000 * DAY))


def test_a_closed_ticket_is_a_candidate_for_the_look_back() -> None:
    assert is_candidate(one(), some(1, opened=-9 * DAY, closed=-1.99 * DAY))
    assert not is_candidate(one(), some(1, opened=-9 * DAY, closed=-2 * DAY))


def test_not_a_number_as_closing_time_is_open() -> None:
    assert is_candidate(one(), some(1, opened=-9 * DAY, closed=math.nan))
    assert math.isnan(features(one(), some(1, closed=math.nan))["closed_d"])


def test_a_ticket_opened_a_moment_later_is_a_candidate() -> None:
    # Two transactions that wait for each other: the later report may carry the earlier time.
    assert features(one(), some(1, opened=60.0))["gap_h"] == pytest.approx(1 / 60)


def test_an_old_report_imported_late_is_not_of_a_later_problem() -> None:
    month = 30 * DAY
    assert is_candidate(one(), some(1, opened=month))
    assert not is_candidate(one(), some(1, opened=month + 1.0))


def test_a_report_whose_problem_was_done_with_is_not_of_a_later_one() -> None:
    assert not is_candidate(one(closed=HOUR), some(1, opened=HOUR))
    assert is_candidate(one(closed=HOUR), some(1, opened=HOUR - 1.0))


def test_a_report_is_compared_with_the_nearest_only_and_of_equally_near_ones_the_newest() -> None:
    crowd = 3 * MOST_CANDIDATES
    far = some(crowd, x=np.where(np.arange(crowd) % 3 == 0, 10.0, 20.0))
    verdict = judge(one(), far, BOUND, MODEL)
    nearest = judge(one(), some(MOST_CANDIDATES, x=10.0), BOUND, MODEL)
    assert (verdict.suggestions % 3 == 0).all()
    assert verdict.score == nearest.score
    # All at one spot, and the older closed: only the newest count.
    closed = np.where(np.arange(crowd) < crowd - MOST_CANDIDATES, -DAY, np.inf)
    verdict = judge(one(), some(crowd, closed=closed), BOUND, MODEL)
    assert verdict.score == judge(one(), some(MOST_CANDIDATES), BOUND, MODEL).score
    assert verdict.suggestions.min() >= crowd - MOST_CANDIDATES


def test_how_many_of_the_own_service_are_at_the_place() -> None:
    tickets = some(
        5, x=[0.0, 15.0, 15.1, 40.0, 0.0], asset=[-1, -1, -1, 5, -1], service=[0, 0, 0, 0, POTHOLE]
    )
    verdict = judge(one(asset=5), tickets, BOUND, MODEL)
    assert (verdict.features[:, FEATURES.index("here")] == 3.0).all()
    assert (verdict.features[:, FEATURES.index("lately")] == 4.0).all()
    yesterday = judge(one(), some(2, opened=[-DAY, -DAY - 1.0]), BOUND, MODEL)
    assert (yesterday.features[:, FEATURES.index("lately")] == 1.0).all()


def test_the_newest_candidate_counts_for_all_as_the_service_has_learned() -> None:
    # Six hours are two halvings of a day, and a light's log-odds rise by 0.05 with each.
    tickets = some(3, opened=[-DAY, -30 * 3600.0, -6 * 3600.0])
    newest = judge(one(), tickets, BOUND, MODEL).features[:, FEATURES.index("newest")]
    assert newest == pytest.approx(0.1)
    alone = judge(one(), some(1, opened=-30 * 3600.0), BOUND, MODEL).features[0, FEATURES.index("newest")]
    assert alone == pytest.approx(-0.05 * np.log2(30 / 24))
    # Of a service that the model has never seen a gap says what it says of all.
    unseen = judge(one(service=GRAFFITI), some(1, service=GRAFFITI), BOUND, MODEL)
    assert unseen.features[0, FEATURES.index("newest")] == 0.0


def test_services_are_related_by_group_or_by_affinity() -> None:
    assert is_candidate(one(service=GRAFFITI), some(1, service=3))
    assert is_candidate(one(service=POTHOLE), some(1, service=LIGHT))
    assert not is_candidate(one(service=GRAFFITI), some(1, service=LIGHT))
    walls_too = replace(MODEL, related_groups=frozenset({("street", "walls")})).bind(SERVICES, GROUPS)
    assert walls_too.related.all()


@pytest.mark.parametrize("who", ["report", "ticket"])
def test_what_may_not_be_matched_by_place_never_is(who: str) -> None:
    report = one(matchable=who != "report", asset=5, address=7)
    ticket = some(1, matchable=who != "ticket", asset=5, address=7)
    verdict = judge(report, ticket, BOUND, MODEL)
    assert (verdict.decision, verdict.score, len(verdict.suggestions)) == (NONE, 0.0, 0)


def test_a_pin_without_coordinates_must_say_that_it_is_not_matchable() -> None:
    with pytest.raises(ValueError, match="matchable"):
        judge(one(x=math.nan), some(1), BOUND, MODEL)
    assert judge(one(x=math.nan, matchable=False), some(1), BOUND, MODEL).decision == NONE


def test_arrays_of_other_lengths_are_named() -> None:
    with pytest.raises(ValueError, match="segment has 2 values for 1 reports"):
        judge(Reports(x=[0], y=[0], opened=[0], service=[0], segment=[1, 2]), some(1), BOUND, MODEL)


# ---------------------------------------------------------------- the features


def test_features_of_a_pair() -> None:
    report = one(x=3.0, y=4.0, segment=9, side=1, along_m=12.5, asset=5, address=7, by_staff=0)
    ticket = some(
        1, segment=9, side=-1, along_m=2.0, asset=5, address=8, opened=-50 * HOUR, latest=-3 * HOUR, reports=4
    )
    found = features(report, ticket)
    assert found == pytest.approx(
        {
            "distance_m": 5.0,
            "rank": 0.0,
            "along_m": 10.5,
            "same_side": 0.0,
            "same_asset": 1.0,
            "same_address": 0.0,
            "same_service": 1.0,
            "affinity": 0.4,
            "repeat_rate": -1.5,
            "by_staff": 0.0,
            "here": 1.0,
            "lately": 0.0,
            "gap_h": 3.0,
            "gap_same_place_h": 3.0,
            "gap_other_service_h": math.nan,
            "gap_to_usual": math.log2(3.0 / 48.0),
            "closed_d": math.nan,
            "reports": 4.0,
            "words": math.nan,
            "newest": 0.15,
            "afar": -0.015,
            "one_address": 0.0,
        },
        nan_ok=True,
    )


def test_one_address_and_a_distance_count_as_the_service_has_learned() -> None:
    found = features(one(address=7, service=POTHOLE), some(1, x=50.0, address=7))
    assert (found["afar"], found["one_address"]) == (pytest.approx(0.1), 0.6)
    unseen = features(one(address=7, service=GRAFFITI), some(1, x=50.0, address=7, service=GRAFFITI))
    assert (unseen["afar"], unseen["one_address"]) == (0.0, 0.0)


def test_what_is_unknown_is_no_evidence() -> None:
    found = features(one(segment=9), some(1, x=20.0, asset=5, address=8))
    unknown = ["along_m", "same_side", "same_asset", "same_address", "by_staff", "gap_same_place_h", "words"]
    assert all(math.isnan(found[name]) for name in unknown)


def test_the_side_counts_on_one_segment_only() -> None:
    assert math.isnan(features(one(segment=9, side=1), some(1, segment=8, side=1))["same_side"])
    assert math.isnan(features(one(segment=9, side=1), some(1, segment=9, side=0))["same_side"])


def test_one_asset_is_one_place_however_far_the_pins() -> None:
    found = features(one(x=50.0, asset=5), some(1, asset=5))
    assert found["gap_same_place_h"] == found["gap_h"] == 1.0


def test_two_services_have_a_gap_of_their_own() -> None:
    found = features(one(service=POTHOLE), some(1, service=LIGHT))
    assert (found["gap_other_service_h"], found["same_service"], found["affinity"]) == (1.0, 0.0, -0.5)
    assert found["repeat_rate"] == -4.0


def test_words_in_common() -> None:
    def alike(mine: str, theirs: str) -> float:
        return features(one(words=words([mine])), some(1, words=words([theirs])))["words"]

    assert alike("lamp broken again", "broken lamp") == pytest.approx(2 / 3)
    assert alike("lamp", "kerb") == 0.0
    assert math.isnan(alike("lamp", ""))


def test_the_rank_prefers_the_own_service_then_the_nearer_then_the_later() -> None:
    tickets = some(
        4, x=[1.0, 9.0, 9.0, 8.0], service=[POTHOLE, LIGHT, LIGHT, LIGHT], opened=[-3.0, -2.0, -1.0, -9.0]
    )
    verdict = judge(one(), tickets, BOUND, MODEL)
    rank = dict(zip(verdict.suggestions.tolist(), verdict.features[:, FEATURES.index("rank")], strict=True))
    assert rank == {3: 0.0, 2: 1.0, 1: 2.0, 0: 3.0}


# ---------------------------------------------------------------- the probabilities


@given(st.data())
def test_probabilities_are_those_of_a_nested_logit(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 5))
    column = lambda values: data.draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    tickets = some(
        n,
        x=column(st.floats(-40, 40)),
        y=column(st.floats(-40, 40)),
        opened=column(st.floats(-90 * HOUR, 0)),
        service=column(st.sampled_from([LIGHT, POTHOLE])),
        asset=column(st.sampled_from([-1, 5, 6])),
        address=column(st.sampled_from([-1, 7, 8])),
        segment=column(st.sampled_from([-1, 9])),
        side=column(st.sampled_from([-1, 0, 1])),
        along_m=column(st.floats(0, 90)),
        reports=column(st.integers(1, 9)),
        closed=column(st.sampled_from([math.inf, -DAY, HOUR])),
    )
    report = one(
        asset=5, address=7, segment=9, side=1, along_m=30.0, by_staff=data.draw(st.sampled_from([-1, 0, 1]))
    )
    verdict = judge(report, tickets, BOUND, MODEL)
    assert len(verdict.suggestions) == n
    score, each = shares(verdict.features)
    assert verdict.score == pytest.approx(score)
    assert verdict.scores == pytest.approx(each)
    assert (np.diff(verdict.scores) <= 0).all()
    assert verdict.scores.sum() == pytest.approx(verdict.score)


def test_the_best_five_of_many_are_suggested() -> None:
    far = np.array([50.0, 10.0, 40.0, 0.0, 30.0, 20.0, 59.0])
    verdict = judge(one(), some(7, x=far), BOUND, MODEL)
    assert verdict.suggestions.tolist() == [3, 1, 5, 4, 2]
    assert verdict.scores.sum() < verdict.score


def test_ties_go_to_the_nearer_then_to_the_older_then_to_the_first() -> None:
    level = MODEL.weights._replace(
        weights=np.zeros_like(MODEL.weights.weights), missing=np.zeros(len(FEATURES))
    )
    flat = replace(MODEL, weights=level, services={}, affinities={})
    tickets = some(5, x=[5.0, 4.0, 4.0, 4.0, 6.0], opened=[-9.0, -2.0, -3.0, -3.0, -99.0])
    verdict = judge(one(), tickets, flat.bind(SERVICES), flat)
    assert verdict.suggestions.tolist() == [2, 3, 1, 0, 4]


def test_utilities_of_any_size_give_probabilities() -> None:
    for size in (-1e4, 1e4):
        weights = MODEL.weights._replace(missing=np.full(len(FEATURES), size))
        steep = replace(MODEL, weights=weights, services={}, affinities={})
        verdict = judge(one(), some(2), steep.bind(SERVICES), steep)
        assert verdict.score == pytest.approx(0.0 if size < 0 else 1.0)
        assert np.isfinite(verdict.scores).all()


# ---------------------------------------------------------------- the decision and the binding


def test_the_best_suggestion_decides_on_joining_all_together_on_flagging() -> None:
    # Eight equal tickets: the report surely repeats one, but which?
    crowd = some(8)
    verdict = judge(one(), crowd, BOUND, MODEL)
    assert verdict.score > MODEL.limits.auto > verdict.scores[0]
    assert verdict.decision == FLAGGED
    assert judge(one(), some(1), BOUND, MODEL).decision == JOINED
    assert judge(one(), some(1, x=59.0), BOUND, MODEL).decision == NONE


def test_a_service_may_have_thresholds_and_a_reach_of_its_own() -> None:
    own = MODEL.bind(["light", "pothole"], overrides=[{"auto": 1.01}, {"reach_m": 5.0, "lookback_days": 0.5}])
    assert own.auto.tolist() == [1.01, 0.6]
    assert own.reach_m.tolist() == [60.0, 5.0]
    assert own.lookback_s.tolist() == [2 * DAY, DAY / 2]
    assert judge(one(), some(1), own, MODEL).decision == FLAGGED


def test_services_are_known_by_name_or_code_however_written() -> None:
    assert service_key("Sidewalk Repair (Make Safe)") == service_key("sidewalk_repair-MAKE safe")
    bound = MODEL.bind(["LIGHT", "never seen", "pot hole"])
    assert bound.repeat_rate.tolist() == [-1.5, -3.0, -3.0]
    assert bound.usual_h.tolist() == [48.0, 72.0, 72.0]
    assert bound.related.tolist() == np.eye(3, dtype=bool).tolist()
    assert bound.affinity[0, 0] == 0.4


def test_affinity_is_the_same_both_ways() -> None:
    assert (BOUND.affinity == BOUND.affinity.T).all()
    assert (BOUND.related == BOUND.related.T).all()
