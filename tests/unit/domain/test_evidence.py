"""What a region is judged by, kept and judged again: by the settings that it was judged by, to the same end."""

import json
from itertools import product

import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import Evidence, NotKnownError, Persistence, judge_again, judge_region
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import Sensitivity, Thresholds

SETTINGS = [
    Thresholds(min_changed_area_m2=m2, sensitivity=sensitivity, alert_kinds=kinds)
    for m2, sensitivity, kinds in product((25, 100), Sensitivity, (frozenset({Kind.BUILT}), frozenset(Kind)))
]
HOLDS = Persistence(None, 0.9, 2, 2)


def evidence(**said):
    usual = {"m2": 50.0, "least_score": 0.5, "pair_scores": (0.6, 0.6), "score": 0.6}
    return Evidence(**usual | said)


CASES = [
    evidence(confounder=confounder, score=score, chances=chances, held=held)
    for confounder, score, chances, held in product(
        (None, Reason.HAZE),
        (0.3, 0.52, 0.9),
        ({}, {Kind.ROAD: 0.95, Kind.BUILT: 0.05}, {Kind.BUILT: 1.0}),
        (HOLDS, Persistence(None, 0.6, 0, 0), Persistence(Reason.COMES_BACK, 0.2, 2, 0)),
    )
]


@pytest.mark.parametrize("thresholds", SETTINGS, ids=lambda one: one.key)
def test_what_is_kept_is_judged_as_the_detector_judges(thresholds):
    for case in CASES:
        kept = Evidence.of(json.loads(json.dumps(case.kept())))
        assert kept.kept() == case.kept()
        if case.pair_scores[0] < 0.5 + thresholds.score_shift:
            assert judge_again(kept, thresholds) is Reason.BELOW_SCORE
            continue
        judged = judge_region(case, thresholds, hold=lambda case=case: case.held).reason
        is_small = case.m2 < thresholds.min_changed_area_m2
        assert judge_again(kept, thresholds) == (Reason.BELOW_SIZE if is_small else judged)


def test_what_was_not_looked_at_is_not_known():
    usual = Thresholds(min_changed_area_m2=25)
    assert judge_again(evidence(held=HOLDS), usual) is None
    for unknown in (
        evidence(),  # older images were not asked
        evidence(is_examined=False, held=HOLDS),
        evidence(pair_scores=(0.4, 0.6), held=HOLDS),  # a part of it would go
    ):
        with pytest.raises(NotKnownError):
            judge_again(unknown, usual)


def test_what_was_confirmed_needs_its_score_its_size_and_its_kind():
    confirmed = evidence(held=HOLDS, is_confirmed=True, chances={Kind.ROAD: 1.0})
    assert judge_again(confirmed, Thresholds(min_changed_area_m2=25)) is None
    low = Thresholds(min_changed_area_m2=25, sensitivity=Sensitivity.LOW)
    assert judge_again(confirmed, low) is Reason.BELOW_SCORE
    assert judge_again(confirmed, Thresholds(min_changed_area_m2=60)) is Reason.BELOW_SIZE
    built = Thresholds(min_changed_area_m2=25, alert_kinds=frozenset({Kind.BUILT}))
    assert judge_again(confirmed, built) is Reason.KIND_NOT_ASKED_FOR
