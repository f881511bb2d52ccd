"""Legal holds on places that turn out to be parts of others: they stand on the whole place, whatever part was meant."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_contents import SqlAreaContents
from chalicelib.adapters.database.whole_places import whole_places_of
from chalicelib.domain.errors import Conflict
from chalicelib.domain.holds import Held
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.tiles import M_PER_DEGREE, bounds_of
from tests.support.builders.domain import CORNER, a_change, a_region
from tests.support.retained import POLICY, KeepingTrip
from tests.support.trip import ALL


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def seen(west_m, east_m):
    """Give a change whose region is a box ten metres tall, metres east of the middle of the first tile."""
    bounds, metre = bounds_of(CORNER), 1 / M_PER_DEGREE
    lon, south = (bounds.east + bounds.west) / 2, (bounds.north + bounds.south) / 2
    west, east, north = lon + west_m * metre, lon + east_m * metre, south + 10 * metre
    outline = [[(west, south), (east, south), (east, north), (west, north), (west, south)]]
    region = replace(a_region(10.0 * (east_m - west_m)), outline=outline)
    return replace(a_change(), regions=(region,))


def place_ids(trip):
    found = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(None, None, None), page=ALL).items
    return sorted(place.place_id for place in found)


def hold_on(trip, place_id):
    of_user = {"user_id": trip.user.user_id, "most_holds": 1000}
    return trip.holds.place(Held(place_id=place_id), **of_user, reason="case 12", now=trip.now)


@pytest.fixture
def joined(trip):
    """Give an area, the hold on the younger of two places in it, and both places: a third change made them one."""
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(2))
    trip.look_each_day(area, [2], change=seen(-40, -20))
    trip.look_each_day(area, [3], change=seen(20, 40))
    older, younger = place_ids(trip)
    hold = hold_on(trip, younger)
    assert hold.place_id == younger
    assert "hold" in trip.uses(area)["scene 3"]
    trip.look_each_day(area, [4], change=seen(-21, 21))
    assert place_ids(trip) == [older]
    return area, hold, older, younger


def test_what_a_hold_on_a_part_holds_is_held_still_and_so_is_the_rest_of_the_place(trip, joined):
    area, hold, *_ = joined
    uses = trip.uses(area)
    assert [name for name in ("scene 2", "scene 3", "scene 4") if "hold" not in uses[name]] == []
    trip.round(later_days=4000)
    trip.holds.lift(hold.hold_id, user_id=trip.user.user_id, reason="settled", now=trip.now)
    assert "hold" not in set().union(*trip.uses(area).values())


def test_a_hold_on_a_part_is_that_on_the_whole_place(trip, joined):
    area, hold, older, younger = joined
    for place_id in (older, younger):
        with pytest.raises(Conflict, match=rf"place {older} is held already, by hold {hold.hold_id}"):
            hold_on(trip, place_id)
    (listed,) = trip.holds.of_user(trip.user.user_id, page=ALL).items
    assert (listed.hold_id, listed.place_id) == (hold.hold_id, older)
    with pytest.raises(Conflict, match=rf"hold {hold.hold_id} on place {older}\b"):
        trip.delete(area)
    lifted = trip.holds.lift(hold.hold_id, user_id=trip.user.user_id, reason="settled", now=trip.now)
    assert lifted.place_id == older
    assert hold_on(trip, younger).place_id == older


def test_an_archive_says_of_which_place_a_hold_is_and_on_what_it_was_placed(trip, joined):
    area, hold, older, younger = joined
    (told,) = SqlAreaContents(trip.engine, policy=POLICY).holds(area.area_id)
    assert (told["id"], told["place_id"], told["placed_on_place_id"]) == (hold.hold_id, older, younger)


def test_places_that_were_merged_in_turn_are_followed_to_the_last_one(trip, joined):
    _, hold, older, younger = joined
    with trip.engine.begin() as connection:
        row = connection.execute(select(t.places).where(t.places.c.id == older)).mappings().one()
        for number in (younger + 1, younger + 2):
            connection.execute(t.places.insert().values(dict(row) | {"id": number, "merged_into_id": number - 1}))
        assert whole_places_of(connection, [younger + 2, older, 999]) == {younger + 2: older, older: older, 999: 999}
        connection.execute(update(t.holds).values(place_id=younger + 2))
    with pytest.raises(Conflict, match=rf"place {older} is held already, by hold {hold.hold_id}"):
        hold_on(trip, younger + 1)
