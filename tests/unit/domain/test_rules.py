"""Small rules: endings, verdicts, messages, e-mail addresses."""

import itertools
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts import email_key
from chalicelib.domain.captures import image_key
from chalicelib.domain.changes import MOST_IGNORED, Reason, change_log, ignored_of, judge, may_hold_later
from chalicelib.domain.errors import BadMessage, DomainError, Invalid
from chalicelib.domain.images import object_key
from chalicelib.domain.jobs import SessionJob, TileJob
from chalicelib.domain.pushes import Target, TargetKind
from chalicelib.domain.sessions import SessionStatus, ending_of
from chalicelib.domain.severity import Severity, severity_of
from chalicelib.domain.thresholds import Sensitivity, Thresholds
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import Tile
from tests.support.builders.domain import a_change, a_region

THRESHOLDS = Thresholds(min_changed_area_m2=25, min_clear_share=0.3)


@given(st.dictionaries(st.sampled_from(list(Verdict)), st.integers(1, 9), min_size=1))
def test_an_ending_is_an_all_clear_only_if_everything_was_answered(counts):
    ending = ending_of(counts)
    is_blind = set(counts) == {Verdict.OBSCURED}
    if Verdict.CHANGED in counts:
        assert ending.status is SessionStatus.CHANGES_DETECTED
    elif counts.keys() & {Verdict.FAILED, Verdict.CANCELLED} or is_blind:
        assert ending.status is SessionStatus.ERROR
        assert ending.reason
    else:
        assert ending.status is SessionStatus.NO_CHANGES


@pytest.mark.parametrize(
    ("m2", "clear_share", "verdict"),
    [
        (25, 1.0, Verdict.CHANGED),
        (24.9, 1.0, Verdict.NO_CHANGE),
        (None, 0.3, Verdict.NO_CHANGE),
        (None, 0.29, Verdict.OBSCURED),
        (24.9, 0.0, Verdict.OBSCURED),
        (500, 0.01, Verdict.CHANGED),
    ],
)
def test_a_change_is_judged_by_its_area_and_by_what_could_be_seen(m2, clear_share, verdict):
    assert judge(a_change(m2=m2, clear_share=clear_share), THRESHOLDS) is verdict


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_or_surer_change_is_never_less_severe(m2, more_m2, score, more_score):
    order = list(Severity)
    less = severity_of(min(m2, more_m2), min(score, more_score))
    assert order.index(less) <= order.index(severity_of(max(m2, more_m2), max(score, more_score)))


def test_an_alert_has_the_highest_severity_of_its_regions():
    small, large = a_region(30), a_region(5000)
    log = change_log(replace(a_change(30), regions=(small, large)), THRESHOLDS)
    assert [region["severity"] for region in log["regions"]] == ["medium", "high"]
    assert log["severity"] == "high"


def test_the_next_picture_can_settle_a_doubt_but_not_what_looks_as_before():
    def settles(score):
        return {reason for reason in Reason if may_hold_later(reason, score)}

    unsettled = {
        *(Reason.BELOW_SIZE, Reason.SAME_GROUND, Reason.LETTERING, Reason.OUTSIDE),
        *(Reason.COMES_BACK, Reason.DOES_NOT_HOLD, Reason.KIND_NOT_ASKED_FOR),
        Reason.SEEN_ONCE,  # which is looked for by itself
    }
    assert settles(0.45) == set(Reason) - unsettled
    assert settles(0.2) == set(Reason) - unsettled - {Reason.BELOW_SCORE}


def test_what_is_ignored_is_kept_with_its_reason_and_only_the_largest():
    seen = [replace(a_region(m2), reason=Reason.SHADOW_LIKE) for m2 in range(30, 100)]
    change = replace(a_change(24), ignored=tuple(seen))
    kept = ignored_of(change, THRESHOLDS)
    assert [region["area_m2"] for region in kept] == list(range(99, 99 - MOST_IGNORED, -1))
    (small,) = ignored_of(a_change(24), THRESHOLDS)
    assert small["reason"] == "below size"
    assert ignored_of(a_change(25), THRESHOLDS) == []
    assert change_log(replace(change, regions=(a_region(900),)), THRESHOLDS)["ignored"] == kept


def test_a_doubt_that_the_next_picture_is_to_settle_is_kept_however_small_it_is():
    seen = [replace(a_region(m2), score=0.2, reason=Reason.BELOW_SCORE) for m2 in range(30, 100)]
    doubted = replace(a_region(26), reason=Reason.SEASON_LIKE)
    kept = ignored_of(replace(a_change(), ignored=(*seen, doubted)), THRESHOLDS)
    assert (len(kept), kept[-1]["reason"], kept[-2]["area_m2"]) == (MOST_IGNORED, "season-like", 51)


def test_each_sensitivity_is_another_comparison():
    keys = {replace(THRESHOLDS, sensitivity=sensitivity).key for sensitivity in Sensitivity}
    assert len(keys) == len(Sensitivity)
    shifts = [replace(THRESHOLDS, sensitivity=sensitivity).score_shift for sensitivity in Sensitivity]
    assert shifts == sorted(shifts, reverse=True)
    assert shifts[1] == 0


@pytest.mark.parametrize("m2", [0.5, 2e6, float("nan")])
def test_a_threshold_out_of_range_is_refused(m2):
    with pytest.raises(Invalid):
        Thresholds(min_changed_area_m2=m2)


def test_jobs_read_what_they_write():
    job = TileJob(session_id=1, tile_run_id=2, turn=3, waits=4, failures=5)
    read = TileJob.from_json(job.to_json())
    assert asdict(read) == asdict(job)
    assert read.ids == {"session_id": 1, "tile_run_id": 2}
    assert SessionJob.from_json(SessionJob(session_id=3).to_json()) == SessionJob(session_id=3)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{", '{"schema": 2, "session_id": 1, "tile_run_id": 1}', '{"schema": 1, "session_id": 1}']
    + ['{"schema": 1, "session_id": true, "tile_run_id": 1}', '{"schema": 1, "session_id": "1", "tile_run_id": 1}'],
)
def test_a_message_that_cannot_be_read_says_so(body):
    with pytest.raises(BadMessage):
        TileJob.from_json(body)


def test_no_two_objects_share_a_key():
    tiles = (Tile(17, 1, 2), Tile(17, 2, 1))
    parts = list(itertools.product((1, 2), (3, 4), tiles, ("overlay", "mask"), (b"a", b"b")))
    keys = {object_key(area_id=a, session_id=s, tile=t, kind=k, content=c) for a, s, t, k, c in parts}
    ids = list(itertools.product((1, 2), tiles, (b"a", b"b")))
    keys |= {image_key(capture_id=n, tile=t, content=c) for n, t, c in ids}
    assert len(keys) == len(parts) + len(ids)


@pytest.mark.parametrize("email", ["", "a", "a@", "@b.org", "a b@c.org", "a@b", "a@b.org\u200b", "x" * 250 + "@b.org"])
def test_what_is_no_email_address_is_refused(email):
    with pytest.raises(Invalid):
        email_key(email)


def test_an_email_address_is_one_whatever_its_form():
    assert email_key(" Asha@EXAMPLE.org ") == email_key("asha@example.ORG")
    assert email_key("r\u00e1m@example.org") == email_key("ra\u0301m@example.org")
    assert email_key("r\u00e1m@example.org") != email_key("ram@example.org")


def test_a_topic_is_told_from_a_token():
    assert Target.parse("/topics/land") == Target(kind=TargetKind.TOPIC, address="land")
    assert Target.parse("abc:123") == Target(kind=TargetKind.TOKEN, address="abc:123")


def test_every_error_says_something():
    def all_of(kind):
        return {kind}.union(*(all_of(child) for child in kind.__subclasses__()))

    for kind in all_of(DomainError):
        assert kind.__doc__
        assert kind("what happened").reason == "what happened"
