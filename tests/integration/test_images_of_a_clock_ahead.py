"""A clock that ran ahead and was put back hides no picture of a provider without dates, on both databases."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.archive_tables import archive_states
from chalicelib.adapters.database.engine import insert_row
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

AHEAD = timedelta(hours=8)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def shown(trip):
    """Give what the provider, which is undated, shows now."""
    now = {"picture": b"one"}
    trip.imagery.show("", None, lambda _view: now["picture"])
    return now


def look(trip, area, shown, picture, *, change=None):
    shown["picture"], trip.change = picture, a_change(change)
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def images(trip):
    with trip.engine.connect() as connection:
        return connection.execute(select(t.image_tiles).order_by(t.image_tiles.c.id)).all()


def run_ahead(trip, area, shown, *pictures):
    """Look at an area, and at those pictures an hour apart while the clock runs ahead; then it is put back."""
    look(trip, area, shown, b"one")
    trip.wait(minutes=10)
    put_back_to = trip.now
    trip.wait(hours=8)
    for picture in pictures:
        look(trip, area, shown, picture)
        trip.reconcile()
        trip.wait(hours=1)
    trip.now = put_back_to


def test_a_change_is_seen_that_comes_after_the_clock_was_put_back(trip, shown):
    area = trip.add_area(tiles=1)
    run_ahead(trip, area, shown, b"two")
    trip.wait(minutes=1)
    trip.reconcile()
    trip.wait(hours=2)
    assert look(trip, area, shown, b"a house", change=900.0).counts_by_verdict == {"CHANGED": 1}
    assert [image.sha256 for image in sorted(images(trip), key=lambda row: row.taken_at)] == [
        image.sha256 for image in images(trip)
    ]


def test_what_a_clock_ahead_fetched_is_not_fresh_before_it_is_repaired(trip, shown):
    area = trip.add_area(tiles=1)
    run_ahead(trip, area, shown, b"two")
    fetched = len(trip.imagery.fetched)
    look(trip, area, shown, b"a house")
    assert len(trip.imagery.fetched) == fetched + 1


def test_what_a_clock_ahead_fetched_is_not_fresh_for_who_looks_while_it_is_repaired(trip, shown):
    area = trip.add_area(tiles=1)
    run_ahead(trip, area, shown, b"two")
    shown["picture"], trip.change = b"a house", a_change(900.0)
    session = trip.capture_now(area)
    trip.wait(seconds=30)
    trip.reconcile()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}


def test_images_keep_their_order_and_lie_behind(trip, shown):
    area = trip.add_area(tiles=2)
    run_ahead(trip, area, shown, b"two", b"three", b"four")
    trip.wait(minutes=1)
    trip.reconcile()
    for tile in {(row.x, row.y) for row in images(trip)}:
        times = [row.taken_at for row in images(trip) if (row.x, row.y) == tile]
        assert len(times) == 4
        assert all(earlier < later for earlier, later in pairwise(times))
        assert times[-1] <= trip.now
    assert all(row.fetched_at == row.taken_at for row in images(trip))


def test_a_baseline_that_was_accepted_meanwhile_holds_what_was_there_then(trip, shown):
    area = trip.add_area(tiles=1)
    run_ahead(trip, area, shown, b"two", b"three")
    before, after = images(trip)[1:]
    accepted_at = before.fetched_at + (after.fetched_at - before.fetched_at) / 2
    with trip.engine.begin() as connection:
        connection.execute(update(t.area_configs).values(baseline_at=accepted_at))
    trip.wait(minutes=1)
    trip.reconcile()
    with trip.engine.connect() as connection:
        accepted_at = connection.execute(select(t.area_configs.c.baseline_at)).scalar_one()
    before, after = images(trip)[1:]
    assert before.fetched_at <= accepted_at < after.fetched_at <= trip.now


def test_images_of_dated_scenes_keep_when_they_were_taken(trip):
    area = trip.add_area(tiles=1)
    trip.reconcile()
    trip.wait(hours=8)
    trip.run_session(area, "march", days=-1)
    (before,) = images(trip)
    trip.reconcile()
    trip.wait(hours=-8)
    trip.reconcile()
    (after,) = images(trip)
    assert (after.taken_at, after.captured_at) == (before.taken_at, before.captured_at)
    assert after.fetched_at <= trip.now < before.fetched_at


def test_a_lease_of_an_archive_comes_into_reach(trip):
    until = trip.now + AHEAD
    counts = dict.fromkeys(("fence", "usable", "bad", "unread", "levels"), 0)
    with trip.engine.begin() as connection:
        insert_row(connection, archive_states, archive="a", listing="", lease_until=until, **counts)
    trip.wait(hours=3)
    trip.reconcile()
    trip.wait(hours=-3)
    trip.reconcile()
    with trip.engine.connect() as connection:
        left = connection.execute(select(archive_states.c.lease_until)).scalar_one() - trip.now
    assert timedelta() < left <= timedelta(minutes=15)
