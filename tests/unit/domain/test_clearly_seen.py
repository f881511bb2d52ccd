from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.area_states import AreaState
from chalicelib.domain.state_messages import AreaNews
from chalicelib.domain.unseen import SeenTile, clearly_seen_at, days_since

JUNE, MAY, APRIL = (datetime(2026, month, 1, 5, 30, tzinfo=UTC) for month in (6, 5, 4))


@pytest.mark.parametrize(
    ("tiles", "at"),
    [
        ([(JUNE, 100)], JUNE),
        ([(JUNE, 60), (MAY, 40)], MAY),
        ([(JUNE, 96), (MAY, 4)], JUNE),
        ([(JUNE, 50), (APRIL, 46), (None, 4)], APRIL),
        ([(JUNE, 94), (None, 6)], None),
        ([(None, 100)], None),
        ([(JUNE, 0)], None),
        ([], None),
    ],
)
def test_all_of_an_area_but_what_it_bears_has_been_shown_since_then(tiles, at):
    assert clearly_seen_at([SeenTile(*tile) for tile in tiles], tolerance=0.05) == at
    assert clearly_seen_at([SeenTile(*tile) for tile in reversed(tiles)], tolerance=0.05) == at


def test_days_are_whole_and_never_before_their_time():
    assert days_since(MAY, now=JUNE) == 31
    assert days_since(MAY, now=MAY + timedelta(hours=47)) == 1
    assert days_since(JUNE, now=MAY) == 0
    assert days_since(None, now=MAY) is None


@pytest.mark.parametrize("state", [AreaState.BLIND, AreaState.PARTLY_BLIND, AreaState.FAILING])
def test_who_is_told_that_nothing_is_seen_is_told_when_it_was(state):
    def sentence(**known):
        return AreaNews(area_id=1, name="Hill", session_id=1, state=state, since=JUNE, **known).sentence

    assert ". It was last clearly seen in pictures of 1 May 2026. No message " in sentence(clearly_seen_at=MAY)
    assert ". Its pictures do not say when they were taken. No message " in sentence(is_dated=False)
    assert "clearly" not in sentence()


def test_an_area_that_is_seen_again_is_not_told_when_it_was():
    news = AreaNews(
        area_id=1, name="Hill", session_id=1, state=AreaState.WATCHED, since=JUNE, clearly_seen_at=MAY, is_dated=False
    )
    assert news.sentence == "It has been seen again since 1 June 2026: you are told of changes as before."
