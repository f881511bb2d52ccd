"""Places are accepted, listed, and go with their area, each for its owner alone."""

import pytest

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_contents import SqlAreaContents
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.places import PlaceFilter, PlaceState
from tests.support.found_places import EAST, WEST, box, change, places, rows
from tests.support.retained import POLICY
from tests.support.trip import ALL


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
