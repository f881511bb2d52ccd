"""The rules of the trip: what follows a capture, what is compared, who is told, what a day may cost."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.budgets import Spending, check_budgets
from chalicelib.domain.comparisons import DETECTOR, comparison_key
from chalicelib.domain.errors import LicenceRefused, LimitReached
from chalicelib.domain.images import is_usable
from chalicelib.domain.jobs import Queue, queue_for
from chalicelib.domain.scenes import Licence, ProviderTerms, Scene, check_licence
from chalicelib.domain.sessions import Cause, PastSession, answers_first_request, ending_of
from chalicelib.domain.thresholds import Sensitivity, Thresholds
from chalicelib.domain.tile_runs import Captured, Outcome, TileState, Verdict, after_capture, after_nothing_new
from tests.support.builders.domain import NOON, a_stored_image

THRESHOLDS = Thresholds(min_changed_area_m2=25.0)


def a_capture(*, is_usable=True, clear_share=1.0):
    return Captured(
        capture_id=1,
        key="1/1",
        sha256="0",
        size_bytes=1,
        scene=Scene(scene_id="april", captured_at=None),
        fetched_at=NOON,
        attribution="",
        clear_share=clear_share,
        is_usable=is_usable,
    )


class TestWhatFollowsACapture:
    def test_the_first_usable_image_is_the_baseline(self):
        assert after_capture(a_capture(), None) == Outcome(verdict=Verdict.BASELINE, clear_share=1.0)

    def test_otherwise_it_is_compared_with_its_reference(self):
        reference = a_stored_image()
        assert after_capture(a_capture(), reference) is reference

    def test_nothing_new_is_as_clear_as_the_image_that_it_rests_on(self):
        """It need not be the newest: that may have been withdrawn, and this one shows half of the ground."""
        says = after_nothing_new(a_stored_image(image_id=7, clear_share=0.5), None)
        assert says == Outcome(verdict=Verdict.NO_NEW_IMAGERY, clear_share=0.5, image_id=7)

    @pytest.mark.parametrize(("share", "usable"), [(0.0, False), (0.29, False), (0.3, True), (1.0, True)])
    def test_usable_is_what_shows_enough(self, share, usable):
        assert is_usable(share, THRESHOLDS) is usable

    def test_nothing_at_all_is_never_usable(self):
        assert not is_usable(0.0, Thresholds(min_changed_area_m2=25.0, min_clear_share=0.0))


class TestTerms:
    @pytest.mark.parametrize(("may_store", "may_analyse"), [(False, True), (True, False), (False, False)])
    def test_terms_that_forbid_either_are_refused(self, may_store, may_analyse):
        licence = Licence(name="x", url="", attribution="", may_store=may_store, may_analyse=may_analyse)
        terms = ProviderTerms(
            name="x", licence=licence, is_dated=True, sends_placeholders=False, cost_per_request_usd=0.0
        )
        with pytest.raises(LicenceRefused, match="the terms of x forbid"):
            check_licence(terms)


class TestWhenAPairCountsAsCompared:
    def test_by_its_images_the_detector_and_the_settings(self):
        key = comparison_key(2, 1, THRESHOLDS)
        assert key == (2, 1, DETECTOR, THRESHOLDS.key)
        other = Thresholds(min_changed_area_m2=25.0, sensitivity=Sensitivity.HIGH)
        assert len({key, comparison_key(3, 1, THRESHOLDS), comparison_key(2, 0, THRESHOLDS)}) == 3
        assert comparison_key(2, 1, other) != key


class TestWhenPeopleAreTold:
    def test_only_if_something_changed_also_where_something_failed(self):
        assert ending_of({Verdict.CHANGED: 1, Verdict.FAILED: 3}).is_told
        for quiet in (Verdict.NO_CHANGE, Verdict.BASELINE, Verdict.FAILED, Verdict.OBSCURED, Verdict.CANCELLED):
            assert not ending_of({quiet: 4}).is_told


class TestTheFirstRequest:
    def session(self, *, cause=Cause.SCHEDULED, minutes=1.0, verdicts=(Verdict.BASELINE,)):
        ended_at = None if minutes is None else NOON - timedelta(minutes=minutes)
        return PastSession(cause=cause, ended_at=ended_at, verdicts=frozenset(verdicts))

    def test_is_answered_by_the_run_that_the_clock_has_just_made(self):
        assert answers_first_request([self.session()], now=NOON)

    @pytest.mark.parametrize(
        "changed",
        [
            {"cause": Cause.REQUESTED},
            {"minutes": None},
            {"minutes": 10.0},
            {"verdicts": (Verdict.BASELINE, Verdict.OBSCURED)},
            {"verdicts": (Verdict.FAILED,)},
            {"verdicts": ()},
        ],
    )
    def test_by_no_other(self, changed):
        assert not answers_first_request([self.session(**changed)], now=NOON)

    def test_and_by_the_only_one(self):
        assert not answers_first_request([], now=NOON)
        assert not answers_first_request([self.session(), self.session()], now=NOON)


def check_day_budget(needed, *, spent, limit, now):
    kind = Spending.TILES
    check_budgets({kind: needed}, spent={kind: spent}, budgets={kind: limit}, now=now)


class TestTheDaysBudget:
    def test_is_kept_to_the_last_tile(self):
        check_day_budget(4, spent=6, limit=10, now=NOON)
        with pytest.raises(LimitReached, match="6 of today's 10 tiles are used, and this area needs 5") as refused:
            check_day_budget(5, spent=6, limit=10, now=NOON)
        assert refused.value.retry_after_s == 12 * 3600 + 1

    def test_ends_at_midnight_utc(self):
        late = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
        with pytest.raises(LimitReached) as refused:
            check_day_budget(1, spent=1, limit=1, now=late)
        assert refused.value.retry_after_s == 2


@pytest.mark.parametrize(
    ("state", "queue"),
    [
        (TileState.PLANNED, Queue.CAPTURES),
        (TileState.CAPTURING, Queue.CAPTURES),
        (TileState.CAPTURED, Queue.COMPARISONS),
        (TileState.COMPARING, Queue.COMPARISONS),
    ],
)
def test_an_open_tile_run_waits_in_the_queue_of_its_state(state, queue):
    assert queue_for(state) is queue
