"""When people are told how an area stands, and in which words."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.area_states import SEEN, AreaState
from chalicelib.domain.state_messages import AreaNews, Why, state_notice, why_unseen
from chalicelib.domain.state_notices import Course, News, Periods, Told, news_of, wait_for_more

W, C, P, B, F = AreaState.WATCHED, AreaState.CHANGED, AreaState.PARTLY_BLIND, AreaState.BLIND, AreaState.FAILING
DAY = timedelta(days=1)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
PERIODS = Periods(blind=14 * DAY, blind_in_monsoon=30 * DAY, monsoon_months=frozenset({6, 7, 8, 9}), failing=2 * DAY)


def messages(states, *, begin=BEGIN):
    """Live through one state a day; give the day and the state of each message."""
    told, since, side_since, said = Told(), begin, begin, []
    for day, state in enumerate(states):
        now = begin + day * DAY
        if day and state is not states[day - 1]:
            since = now
        if day and (state in SEEN) is not (states[day - 1] in SEEN):
            side_since = now
        news = news_of(Course(state, since, side_since), told, periods=PERIODS, now=now)
        if news is not None and news.due_at <= now:
            said.append((day, news.state))
            told = told.after(news.state, now=now, periods=PERIODS)
    return said


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([W] + [B] * 14, []),
        ([W] + [B] * 15, [(15, B)]),
        ([F] * 5, [(2, F)]),
        ([B] * 15 + [W, W, W], [(14, B), (17, W)]),
        ([B] * 15 + [W, C, W], [(14, B), (17, W)]),
        ([P] * 10 + [B] * 10, [(14, P)]),
        ([P] * 15 + [B] * 15, [(14, P), (29, B)]),
        ([B] * 15 + [P] * 30, [(14, B)]),
        ([P] * 15 + [F] * 3, [(14, P), (17, F)]),
        ([B] * 10 + [W] + [B] * 13, []),
    ],
)
def test_what_is_said_on_which_day(states, said):
    assert messages(states) == said


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from([W, C, P, B, F]), st.integers(1, 20)), max_size=12))
def test_whatever_happens_nothing_rings_often_and_seen_again_follows_worse(runs):
    states = [state for state, length in runs for _ in range(length)]
    said = messages(states)
    for (_, before), (_, after) in pairwise(said):
        assert before is not after
    assert not said or said[0][1] not in SEEN
    for day, state in said:
        held = states[: day + 1]
        days = len(held) - next((i for i in range(len(held), 0, -1) if not _counts_for(held[i - 1], state)), 0)
        assert days > {W: 2, P: 14, B: 14, F: 2}[state]
    worse = [day for day, state in said if state not in SEEN]
    assert all(third - first >= 4 for first, third in zip(worse, worse[2:], strict=False))
    back = [day for day, state in said if state in SEEN]
    assert all(later - earlier >= 14 for earlier, later in zip(back, back[2:], strict=False)), "not every other day"


def _counts_for(was, told):
    return {W: was in SEEN, P: was not in SEEN, B: was is B, F: was is F}[told]


def test_a_message_waits_for_areas_that_turned_with_its_first():
    first, second, third = (News(B, BEGIN, BEGIN + timedelta(hours=hours)) for hours in (0, 20, 30))
    other = News(F, BEGIN, BEGIN + timedelta(hours=5))
    now = BEGIN + timedelta(hours=1)
    assert wait_for_more([first, second, third], now=now) == second.due_at
    assert wait_for_more([first, third, other], now=now) is None
    assert wait_for_more([first, second, third], now=second.due_at) is None
    assert wait_for_more([second, third], now=now) == second.due_at
    assert wait_for_more([], now=now) is None


def an_area(state, name="Lake", **known):
    known = {"area_id": 1, "session_id": 9, "since": BEGIN, "share": 1.0, "m2": 12_345.0} | known
    return AreaNews(state=state, name=name, **known)


@pytest.mark.parametrize(
    ("area", "title", "body"),
    [
        (
            an_area(B),
            "Not seen: Lake",
            (
                "All of it, 12,345 m2, has not been seen since 1 March 2026: clouds, or gaps in the pictures. "
                "No message about changes can come from there until it is seen again."
            ),
        ),
        (
            an_area(P, share=0.4),
            "Partly not seen: Lake",
            (
                "40 % of it, 12,345 m2, has not been seen since 1 March 2026: clouds, or gaps in the pictures. "
                "No message about changes can come from what is not seen until it is seen again."
            ),
        ),
        (
            an_area(F, share=None, m2=None, why=Why.PROVIDER),
            "Could not be looked at: Lake",
            (
                "It could not be looked at since 1 March 2026: the source of the pictures fails. "
                "No message about changes can come from there until it is seen again."
            ),
        ),
        (
            an_area(W),
            "Seen again: Lake",
            "It has been seen again since 1 March 2026: you are told of changes as before.",
        ),
    ],
)
def test_one_area_is_told_in_plain_words(area, title, body):
    notice = state_notice(5, [area])
    assert (notice.title, notice.body) == (title, body)


def test_several_areas_are_one_message_that_names_them_the_worst_first():
    areas = [an_area(W, "Hut"), an_area(B, "Lake", why=Why.HIDDEN), an_area(F, "Hill", why=Why.NO_PICTURE, area_id=4)]
    notice = state_notice(5, areas)
    assert notice.title == "News of 3 areas"
    assert notice.body == (
        "Could not be looked at since 1 March 2026, 12,345 m2 in all: Hill (there is no picture of it). "
        "Not seen since 1 March 2026, 12,345 m2 in all: Lake (clouds, or gaps in the pictures). "
        "Seen again since 1 March 2026: Hut. "
        "No message about changes can come from what is not seen until it is seen again."
    )
    assert (notice.area_id, notice.members["area_config_id"], notice.members["changes_count"]) == (4, "4", "0")


@pytest.mark.parametrize(
    ("names", "listed"),
    [(["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C"), (["A", "B", "C", "D", "E"], "A, B, C and 2 more")],
)
def test_few_are_named(names, listed):
    areas = [an_area(B, name, area_id=number) for number, name in enumerate(names)]
    notice = state_notice(5, areas)
    assert notice.title == f"Not seen: {len(names)} areas"
    assert f": {listed} (" in notice.body


@pytest.mark.parametrize(
    ("state", "reasons", "failed", "why"),
    [
        (B, [], 0, Why.HIDDEN),
        (F, ["there is no picture of tile 17/1/2"], 1, Why.NO_PICTURE),
        (F, ["there is no picture of tile 17/1/2", "the provider answered 403"], 2, Why.PROVIDER),
        (F, ["the provider answered 403"], 1, Why.PROVIDER),
        (F, ["a.example has had nothing new of this ground since 2026-03-01"], 1, Why.SILENT),
        (F, ["a.example has had nothing new of anywhere since 2026-03-01", "403"], 2, Why.PROVIDER),
        (F, [], 0, Why.UNUSABLE),
    ],
)
def test_why_ground_was_not_seen(state, reasons, failed, why):
    assert why_unseen(state, reasons, failed=failed) is why
