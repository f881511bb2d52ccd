"""What a session leaves its area in."""

import pytest

from chalicelib.domain.area_states import AreaState, state_after
from chalicelib.domain.sessions import Cause, ending_of
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import Unseen

TOLERANCE = 0.05


def after(counts, *, unseen=0.0, cause=Cause.SCHEDULED, unusable=0, untold=0):
    measured = Unseen(m2=unseen * 1000, of_m2=1000)
    ending = ending_of(counts, unseen=measured, tolerance=TOLERANCE, unusable=unusable)
    of_area = {"cause": cause, "unseen": measured, "tolerance": TOLERANCE, "untold": untold}
    return state_after(ending, counts, **of_area)


@pytest.mark.parametrize(
    ("counts", "unseen", "state"),
    [
        ({Verdict.NO_CHANGE: 9}, 0.05, AreaState.WATCHED),
        ({Verdict.NO_NEW_IMAGERY: 9}, 0.0, AreaState.WATCHED),
        ({Verdict.BASELINE: 9}, 0.0, AreaState.WATCHED),
        ({Verdict.NO_CHANGE: 9}, 0.06, AreaState.PARTLY_BLIND),
        ({Verdict.NO_CHANGE: 1, Verdict.OBSCURED: 8}, 0.94, AreaState.PARTLY_BLIND),
        ({Verdict.NO_CHANGE: 1, Verdict.OBSCURED: 8}, 0.95, AreaState.BLIND),
        ({Verdict.OBSCURED: 9}, 1.0, AreaState.BLIND),
        ({Verdict.NO_CHANGE: 8, Verdict.FAILED: 1}, 0.1, AreaState.FAILING),
        ({Verdict.OBSCURED: 8, Verdict.FAILED: 1}, 1.0, AreaState.FAILING),
        ({Verdict.CHANGED: 1, Verdict.FAILED: 8}, 0.9, AreaState.CHANGED),
        ({Verdict.NO_CHANGE: 1, Verdict.CANCELLED: 8}, 0.9, None),
    ],
)
def test_a_session_leaves_its_area_in_a_state(counts, unseen, state):
    assert after(counts, unseen=unseen) is state


def test_a_comparison_of_what_is_stored_says_nothing_of_the_area():
    assert after({Verdict.CHANGED: 1}, cause=Cause.COMPARISON) is None


@pytest.mark.parametrize(
    ("rest", "unseen", "unusable", "state"),
    [
        ({Verdict.FAILED: 8}, 0.9, 0, AreaState.FAILING),
        ({Verdict.OBSCURED: 8}, 0.96, 0, AreaState.BLIND),
        ({Verdict.OBSCURED: 8}, 0.9, 0, AreaState.PARTLY_BLIND),
        ({Verdict.NO_CHANGE: 8}, 0.0, 1, AreaState.FAILING),
        ({Verdict.NO_CHANGE: 1, Verdict.CANCELLED: 8}, 0.9, 0, None),
        ({Verdict.NO_CHANGE: 8}, 0.0, 0, AreaState.CHANGED),
    ],
)
def test_what_permits_allow_hides_nothing_that_was_not_seen(rest, unseen, unusable, state):
    counts = {Verdict.CHANGED: 2} | rest
    assert after(counts, unseen=unseen, unusable=unusable, untold=2) is state
    assert after(counts, unseen=unseen, unusable=unusable, untold=1) is AreaState.CHANGED, "somebody is told"
