"""Not seen is a result: how much, where and since when, and never an all-clear. On both databases."""

import pytest

from chalicelib.domain.paging import PageRequest
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.trip import ALL, Trip

CHANGED, ERROR, NO_CHANGES = SessionStatus.CHANGES_DETECTED, SessionStatus.ERROR, SessionStatus.NO_CHANGES


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area of two tiles with a baseline of March."""
    made = trip.add_area(tiles=2)
    trip.run_session(made, "march", days=-1)
    return made


def seen(trip, area, scene, *, days, clear_share, m2=None):
    """Run a session on a scene of which so much is clear, and in which so much changed."""
    trip.clear_share = clear_share
    return trip.run_session(area, scene, days=days, change=a_change(m2, clear_share=clear_share))


def unseen_tiles(trip, session):
    return trip.alerts.unseen(session.session_id, user_id=trip.user.user_id, page=ALL).items


def test_a_baseline_is_no_all_clear_and_a_comparison_that_saw_everything_is(trip):
    area = trip.add_area(tiles=2)
    first = trip.run_session(area, "march", days=-1)
    assert (first.status, first.is_all_clear, first.unseen.m2) == (NO_CHANGES, False, 0)
    second = seen(trip, area, "april", days=30, clear_share=1.0)
    assert (second.status, second.is_all_clear, second.unseen.share) == (NO_CHANGES, True, 0)
    third = trip.run_session(area, "april", days=30)
    assert (third.counts_by_verdict, third.is_all_clear) == ({"NO_NEW_IMAGERY": 2}, True)


def test_a_session_that_is_open_is_no_all_clear(trip, area):
    open_one = trip.session(trip.capture_now(area))
    assert (open_one.is_all_clear, open_one.unseen) == (False, None)


@pytest.mark.parametrize(("clear_share", "status"), [(0.96, NO_CHANGES), (0.94, ERROR), (0.5, ERROR)])
def test_more_unseen_than_the_area_bears_is_no_all_clear(trip, area, clear_share, status):
    session = seen(trip, area, "april", days=30, clear_share=clear_share)
    assert (session.status, session.is_all_clear) == (status, status is NO_CHANGES)
    assert session.unseen.share == pytest.approx(1 - clear_share, abs=1e-4)
    if status is ERROR:
        assert session.reason.endswith(" m2")
        assert " % of the area was not seen, " in session.reason


def test_an_owner_may_bear_more(trip, area):
    trip.areas.change(area.area_id, user_id=trip.user.user_id, now=trip.now, unseen_tolerance=0.6)
    assert seen(trip, area, "april", days=30, clear_share=0.5).is_all_clear


def test_what_changed_is_told_with_what_was_not_seen_beside_it(trip, area):
    session = seen(trip, area, "april", days=30, clear_share=0.7, m2=900)
    assert session.status is CHANGED
    assert session.reason.startswith("30 % of the area was not seen, ")


def test_nothing_new_over_ground_that_was_not_seen_is_no_all_clear(trip, area):
    seen(trip, area, "april", days=30, clear_share=0.5)
    again = trip.run_session(area, "april", days=30)
    assert again.counts_by_verdict == {"NO_NEW_IMAGERY": 2}
    assert (again.status, again.clear_share, again.unseen.share) == (ERROR, 0.5, 0.5)


def test_unseen_ground_is_told_by_tile_with_since_when(trip, area):
    trip.wait(hours=1)
    first = trip.now
    seen(trip, area, "april", days=30, clear_share=0.5)
    trip.wait(hours=24)
    session = seen(trip, area, "may", days=31, clear_share=0.1)
    assert session.counts_by_verdict == {"OBSCURED": 2}
    tiles = unseen_tiles(trip, session)
    assert [(tile.verdict, tile.unseen.share) for tile in tiles] == [("OBSCURED", 1.0)] * 2
    assert {tile.unseen.since for tile in tiles} == {session.unseen.since} == {first}
    assert sum(tile.unseen.m2 for tile in tiles) == pytest.approx(session.unseen.of_m2)
    clear = seen(trip, area, "june", days=32, clear_share=1.0)
    assert (unseen_tiles(trip, clear), clear.unseen.since, clear.is_all_clear) == ([], None, True)
    trip.wait(hours=24)
    assert seen(trip, area, "july", days=33, clear_share=0.5).unseen.since == trip.now, "it was seen in between"


def test_the_ground_of_an_area_is_the_sum_of_its_tiles(trip, area):
    session = seen(trip, area, "april", days=30, clear_share=1.0)
    extent = area.extent
    width, height = extent.east_km + extent.west_km, extent.north_km + extent.south_km
    assert session.unseen.of_m2 == pytest.approx(width * height * 1e6, rel=1e-3)


def test_unseen_tiles_come_by_pages_and_to_their_owner_only(trip, area):
    session = seen(trip, area, "april", days=30, clear_share=0.1)
    page = trip.alerts.unseen(session.session_id, user_id=trip.user.user_id, page=PageRequest(1))
    assert (len(page.items), page.total, page.next_after is None) == (1, 2, False)
    rest = trip.alerts.unseen(session.session_id, user_id=trip.user.user_id, page=PageRequest(1, after=page.next_after))
    assert {page.items[0].tile, rest.items[0].tile} == {str(image.image.view.tile) for image in trip.tiles(area)}
    assert rest.next_after is None
