"""Regions over seams and sessions are one place, on both databases and with everybody at the same gate."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, func, insert, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_contents import SqlAreaContents
from chalicelib.adapters.database.purging import PART
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.jobs import Queue
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.places import PlaceFilter, PlaceState
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import M_PER_DEGREE, bounds_of
from tests.support.builders.domain import CORNER, SPRING, a_change, a_region
from tests.support.retained import POLICY
from tests.support.timing import at_once
from tests.support.trip import ALL, Trip, jobs_of

ROUNDS = 12
TILES = [CORNER, CORNER._replace(x=CORNER.x + 1), CORNER._replace(x=CORNER.x + 2)]
METRE = 1 / M_PER_DEGREE  # of latitude, and nearly of longitude here


def box(west_m, east_m, south_m=0.0, *, tile=CORNER):
    """Give the outline of a box ten metres tall: metres east of a tile's eastern seam, and north of its middle."""
    bounds = bounds_of(tile)
    middle = (bounds.north + bounds.south) / 2 + south_m * METRE
    west, east = (bounds.east + metres * METRE for metres in (west_m, east_m))
    south, north = middle, middle + 10 * METRE
    return [[(west, south), (east, south), (east, north), (west, north), (west, south)]]


def change(*regions):
    """Give what a comparison found: regions as (m2, outline)."""
    return replace(a_change(), regions=tuple(replace(a_region(m2), outline=outline) for m2, outline in regions))


NOTHING = change()
WEST, EAST = change((100.0, box(-10, 0))), change((60.0, box(0, 6)))


class Land:
    """What the two detectors find on each tile, whatever images they are shown."""

    def __init__(self, trip):
        self.trip, self.pair, self.slow = trip, {}, {}
        trip.compare = lambda *_images, view, **_ground: self.pair.get(view.tile, NOTHING)
        trip.compare_with_baseline = lambda *_images, view, **_ground: self.slow.get(view.tile, NOTHING)
        self.days = 0

    def take(self, pair=(), slow=()):
        """Show a new scene."""
        self.pair, self.slow = dict(zip(TILES, pair, strict=False)), dict(zip(TILES, slow, strict=False))
        self.days += 1
        picture = f"day {self.days}".encode()
        self.trip.imagery.show(
            picture.decode(), SPRING + self.days * (self.trip.now - SPRING) / 50, lambda _view: picture
        )

    def look(self, area, pair=(), slow=()):
        """Run a session on a new scene."""
        self.take(pair, slow)
        session = self.trip.capture_now(area)
        self.trip.work()
        return self.trip.session(session)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def land(trip):
    return Land(trip)


@pytest.fixture
def area(trip, land):
    """Give an area of three tiles in a row that was looked at twice."""
    made = trip.add_area(tiles=3)
    for _ in range(2):
        land.look(made)
    return made


def places(trip, **wanted):
    return trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(**wanted), page=ALL).items


def rows(trip, table):
    with trip.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def history(trip, place):
    return [(seen.area_m2, seen.is_told) for seen in trip.places.history(place.place_id, most=100)]


def place_ids(trip, session):
    return [alert.place_ids for alert, _ in trip.alerts_of(session)]


def test_a_change_over_a_seam_is_two_alerts_and_one_place(trip, land, area):
    session = land.look(area, [WEST, EAST], [WEST, EAST])
    assert session.counts_by_verdict == {"CHANGED": 2, "NO_CHANGE": 1}
    (place,) = places(trip)
    assert (place.area_m2, place.state, place.area_id) == (160.0, PlaceState.OPEN, area.area_id)
    assert place_ids(trip, session) == [(place.place_id,)] * 2
    assert len(trip.places.get(place.place_id, user_id=trip.user.user_id).outlines) == 2
    assert history(trip, place) == [(160.0, True)]


def test_two_changes_that_are_apart_are_two_places(trip, land, area):
    session = land.look(area, [change((100.0, box(-40, -30))), EAST])
    assert len(places(trip)) == 2
    assert sorted(place_ids(trip, session)) == sorted((place.place_id,) for place in places(trip))


def test_the_last_two_tiles_at_once_make_one_place(trip, land):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=2, name=f"Race {number}")
        land.look(area)
        land.take([WEST, EAST], [WEST, EAST])
        session = trip.capture_now(area)
        for job in jobs_of(trip, Queue.CAPTURES):
            trip.capture_tile(job)
        first, second = jobs_of(trip, Queue.COMPARISONS)
        deeds = [lambda job=job: trip.compare_tile(job) for job in (first, second, first, second)]
        at_once(*deeds)
        (place,) = places(trip, area_id=area.area_id)
        assert place.area_m2 == 160.0
        assert place_ids(trip, session) == [(place.place_id,)] * 2
        assert history(trip, place) == [(160.0, True)]


def test_a_worker_that_dies_at_the_end_and_its_job_delivered_again_make_one_place(trip, land, area):
    land.take([WEST, EAST], [WEST, EAST])
    trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    jobs = jobs_of(trip, Queue.COMPARISONS)
    trip.runs.claim_comparison(jobs[0], now=trip.now, lease_s=60)  # and is never heard of again
    trip.wait(minutes=2)
    for job in (*jobs, *jobs):
        trip.compare_tile(job)
    (place,) = places(trip)
    assert history(trip, place) == [(160.0, True)]


def test_a_place_that_is_still_there_is_no_new_alert_and_its_growth_is_told(trip, land, area):
    first = land.look(area, [WEST, EAST], [WEST, EAST])
    again = land.look(area, slow=[WEST, EAST])
    assert (again.counts_by_verdict, again.alerts) == ({"NO_CHANGE": 3}, 0)
    wider = change((100.0, box(0, 10)))
    assert land.look(area, slow=[WEST, wider]).alerts == 0, "one image is not believed"
    grown = land.look(area, slow=[WEST, wider])
    assert grown.alerts == 1
    ((alert, _),) = trip.alerts_of(grown)
    (region,) = alert.change_log["regions"]
    assert (region["area_m2"], region["grew_from_m2"], region["compared_with"]) == (100.0, 60.0, "baseline")
    assert trip.images.get(alert.reference_key) == b"day 1"
    (place,) = places(trip)
    assert place_ids(trip, first)[0] == place_ids(trip, grown)[0] == (place.place_id,)
    assert history(trip, place) == [(160.0, True), (160.0, False), (200.0, False), (200.0, True)]
    assert place.first_seen_at < place.last_seen_at


def test_what_grows_over_the_seam_into_the_next_tile_stays_the_place_that_it_is(trip, land, area):
    land.look(area, [WEST], [WEST])
    whole = change((260.0, box(-10, 16)))  # its middle lies on the next tile from now on
    for _ in range(2):
        session = land.look(area, slow=[NOTHING, whole])
    (place,) = places(trip)
    assert (place.area_m2, session.alerts) == (260.0, 1)
    assert place_ids(trip, session) == [(place.place_id,)]


def test_two_places_that_a_third_joins_are_one_the_older(trip, land, area):
    first = land.look(area, [change((100.0, box(-40, -30)))])
    second = land.look(area, [EAST])
    older, younger = sorted(place.place_id for place in places(trip))
    joining = land.look(area, [change((280.0, box(-31, 1)))])
    (place,) = places(trip)
    assert place.place_id == older
    assert [place_ids(trip, each) for each in (first, second, joining)] == [[(older,)]] * 3
    assert trip.places.get(younger, user_id=trip.user.user_id).place_id == older


def test_a_slow_change_is_told_with_the_image_that_it_is_a_change_from(trip, land, area):
    session = land.look(area, slow=[change((36.0, box(-30, -26)))])
    assert session.counts_by_verdict == {"CHANGED": 1, "NO_CHANGE": 2}
    ((alert, _),) = trip.alerts_of(session)
    assert trip.images.get(alert.reference_key) == b"day 1"
    assert [place.area_m2 for place in places(trip)] == [36.0]
    assert land.look(area, slow=[change((36.0, box(-30, -26)))]).alerts == 0


def test_a_lost_baseline_is_another_baseline_and_no_failure(trip, land, area):
    oldest = [tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "day 1"]
    trip.images.delete(oldest)
    assert land.look(area).counts_by_verdict == {"NO_CHANGE": 3}
    session = land.look(area, slow=[WEST])
    ((alert, _),) = trip.alerts_of(session)
    assert trip.images.get(alert.reference_key) == b"day 2"


def sizes(trip):
    """Give what each sighting measured, and what was told of it then, as an archive of its area says."""
    contents = SqlAreaContents(trip.engine, policy=POLICY)
    return [(row["area_m2"], row["told_m2"]) for row in contents.sightings(trip.all_sessions()[0].area_id)]


def test_what_is_accepted_is_the_baseline(trip, land, area):
    land.look(area, [WEST, EAST], [WEST, EAST])
    before = sizes(trip)
    assert all(area_m2 > 0 and told_m2 > 0 for area_m2, told_m2 in before)
    trip.wait(minutes=1)
    assert trip.places.accept_baseline(area.area_id, user_id=trip.user.user_id, now=trip.now) == 1
    (place,) = places(trip)
    assert (place.state, places(trip, is_open=True)) == (PlaceState.ACCEPTED, [])
    assert sizes(trip) == before, "what was seen of it, and told, is known still"
    assert trip.places.accept_baseline(area.area_id, user_id=trip.user.user_id, now=trip.now) == 0
    assert sizes(trip) == before
    trip.wait(minutes=1)
    land.look(area, slow=[EAST])  # right after: the image before is the baseline, and nothing else is looked at
    session = land.look(area, slow=[EAST])
    assert session.alerts == 0, "one image is not believed"
    session = land.look(area, slow=[EAST])
    ((alert, _),) = trip.alerts_of(session)
    assert trip.images.get(alert.reference_key) == b"day 3"
    assert places(trip, is_open=True)[0].place_id == place.place_id, "growth opens it again"


def test_nothing_is_accepted_while_it_is_looked_at_or_by_somebody_else(trip, land, area):
    stranger = trip.add_user()
    with pytest.raises(NotFound):
        trip.places.accept_baseline(area.area_id, user_id=stranger.user_id, now=trip.now)
    land.take()
    trip.capture_now(area)
    with pytest.raises(Conflict, match="looked at right now"):
        trip.places.accept_baseline(area.area_id, user_id=trip.user.user_id, now=trip.now)
    trip.work()
    assert trip.places.accept_baseline(area.area_id, user_id=trip.user.user_id, now=trip.now) == 0


def test_a_failed_tile_shows_no_place(trip, land, area):
    land.take([WEST])
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    trip.cancel(session)
    assert places(trip) == []


def test_others_places_do_not_exist(trip, land, area):
    land.look(area, [WEST])
    (place,) = places(trip)
    stranger = trip.add_user()
    with pytest.raises(NotFound):
        trip.places.get(place.place_id, user_id=stranger.user_id)
    asked = {"wanted": PlaceFilter(area_id=area.area_id), "page": ALL}
    assert trip.places.of_user(stranger.user_id, **asked) == ([], 0, None, [])


def test_places_are_filtered_and_paged_the_newest_first(trip, land, area):
    for n in range(5):
        land.look(area, [change((100.0, box(-40, -30, 30 * n - 60)))])
    found = places(trip)
    assert len(found) == 5
    ids, after = [], None
    while True:
        page = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=PageRequest(2, after))
        ids += [place.place_id for place in page.items]
        after = page.next_after
        if after is None:
            break
    assert ids == [place.place_id for place in found] == sorted(ids, reverse=True)
    assert [place.place_id for place in places(trip, since=found[1].last_seen_at)] == ids[:2]
    assert places(trip, area_id=area.area_id + 1) == []
    assert places(trip, is_open=False) == []


def test_an_area_takes_its_places_with_it(trip, land, area):
    land.look(area, [WEST, EAST])
    trip.delete(area)
    trip.reconcile()
    assert [rows(trip, table) for table in (t.places, t.place_sightings, t.alert_details, t.area_configs)] == [0] * 4


def forget_places(trip):
    """Leave the database as a release that knows no places would have."""
    with trip.engine.begin() as connection:
        for table in (t.places, t.place_sightings):
            connection.execute(delete(table))


def test_alerts_from_before_become_places_once_and_however_many_reconcile(trip, land, area):
    sessions = [
        land.look(area, [WEST, EAST]),
        land.look(area, [change((100.0, box(-40, -30)))]),
        land.look(area, [EAST]),
    ]
    expected = [(place.area_m2, place.first_seen_at, place.last_seen_at) for place in places(trip)]
    forget_places(trip)
    assert [alert.place_ids for alert, _ in trip.alerts_of(sessions[0])] == [(), ()]
    at_once(*[trip.reconcile] * 4)
    trip.reconcile()
    assert [(place.area_m2, place.first_seen_at, place.last_seen_at) for place in places(trip)] == expected
    assert len({ids for session in sessions for ids in place_ids(trip, session)}) == 2
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == []


def test_alerts_from_before_wait_while_their_area_is_looked_at(trip, land, area):
    session = land.look(area, [WEST])
    forget_places(trip)
    land.take([NOTHING, EAST])
    trip.capture_now(area)
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == []
    assert trip.place_upkeep.join(session.session_id) is False
    trip.work()
    trip.reconcile()
    (place,) = places(trip)
    assert place.area_m2 == 160.0


def test_what_old_code_leaves_of_a_deleted_area_is_deleted(trip, land, area):
    land.look(area, [WEST])
    with trip.engine.begin() as connection:
        connection.execute(update(t.places).values(area_id=area.area_id + 1000))
    trip.reconcile()
    assert trip.place_upkeep.delete_left_over(after=0, limit=10) is None
    assert rows(trip, t.places) == 0


def test_places_that_are_left_over_are_found_from_area_to_area(trip, land, area):
    land.look(area, [WEST])
    with trip.engine.begin() as connection:
        place = dict(connection.execute(select(t.places)).mappings().one()) | {"id": None}
        many = [place | {"area_id": area.area_id + 1000}] * (PART + 1)
        connection.execute(insert(t.places), [*many, place | {"area_id": area.area_id + 1001}])
    found, after = [], 0
    while after is not None:
        after = trip.place_upkeep.delete_left_over(after=after, limit=2)
        found.append((after, rows(trip, t.places)))
    assert found == [(area.area_id + 999, 3), (area.area_id + 1001, 1), (None, 1)]


def test_an_obscured_tile_says_nothing_of_its_place(trip, land, area):
    land.look(area, [WEST], [WEST])
    dim = replace(NOTHING, clear_share=0.1)
    session = land.look(area, [dim], [dim])
    assert session.counts_by_verdict[Verdict.OBSCURED] == 1
    (place,) = places(trip)
    assert history(trip, place) == [(100.0, True)]
