"""What people were told since a picture's reference they know; what came before it, or was never told, they do not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.adapters.database.area_states import standings_of
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.jobs import Queue
from chalicelib.domain.layers import LayerKind
from chalicelib.domain.places import PlaceFilter, PlaceState
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.tiles import M_PER_DEGREE, bounds_of
from tests.support.builders.domain import CORNER, SPRING, a_change, a_region
from tests.support.builders.parcels import a_parcel, add_layer, add_version, plot
from tests.support.notices import register
from tests.support.trip import ALL, Trip, jobs_of

METRE, NEXT = 1 / M_PER_DEGREE, CORNER._replace(x=CORNER.x + 1)


def box(west_m, east_m):
    """Metres east of the corner tile's eastern seam."""
    bounds = bounds_of(CORNER)
    south = (bounds.north + bounds.south) / 2
    west, east, north = bounds.east + west_m * METRE, bounds.east + east_m * METRE, south + 10 * METRE
    return [[(west, south), (east, south), (east, north), (west, north), (west, south)]]


def change(*regions, clear_share=1.0):
    found = tuple(replace(a_region(m2), outline=outline) for m2, outline in regions)
    return replace(a_change(clear_share=clear_share), regions=found)


NOTHING = change()
HOUSE = change((900.0, box(-60, -30)))


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    made.slow = NOTHING
    return made


def pushes(trip):
    trip.work()
    return len(trip.push.pushes)


def place(trip):
    (only,) = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items
    return only


def look(trip, area, name, days, pair=NOTHING, slow=NOTHING):
    trip.slow = slow
    return trip.run_session(area, name, days=days, change=pair)


def overwrite(trip, area, content, pair=NOTHING, *, days=0):
    """A session on other bytes of the same moment."""
    trip.imagery.show(content, SPRING + timedelta(days=days), lambda _view: content.encode())
    trip.change = pair
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def compare_by(trip, area, pair, slow=NOTHING):
    trip.change, trip.slow = pair, slow
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, sensitivity=Sensitivity.HIGH)
    session = trip.compare_now(area)
    trip.work()
    return trip.session(session)


def accept(trip, area):
    trip.wait(minutes=1)
    trip.places.accept_baseline(area.area_id, user_id=area.user_id, now=trip.now)
    trip.wait(minutes=1)


def test_an_item_that_is_overwritten_again_under_its_date_is_told(trip):
    """v1 is the baseline, v2 has a house, v3 has it no more: v3 is compared with v2."""
    area = trip.add_area(tiles=1)
    overwrite(trip, area, "v1")
    overwrite(trip, area, "v2", HOUSE)
    assert pushes(trip) == 1
    assert overwrite(trip, area, "v3", HOUSE).counts_by_verdict == {"CHANGED": 1}
    assert pushes(trip) == 2


def test_an_accepted_place_that_is_built_over_in_a_later_version_is_told(trip):
    area = trip.add_area(tiles=1)
    overwrite(trip, area, "march", days=-1)
    overwrite(trip, area, "v1", HOUSE)
    accept(trip, area)
    overwrite(trip, area, "v2", change((9000.0, box(-200, -30))))
    assert pushes(trip) == 2


def test_a_wing_that_was_built_after_its_house_was_told_is_told(trip):
    """April: the house is told. May: it stands. HIGH finds a wing of 500 m2 between April and May."""
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    look(trip, area, "april", 1, HOUSE)
    look(trip, area, "may", 2, NOTHING, HOUSE)
    compare_by(trip, area, change((500.0, box(-30, -12))), change((1400.0, box(-60, -12))))
    assert (pushes(trip), place(trip).area_m2) == (2, 1400.0)  # now 1, and 500.0


def test_a_wing_that_was_built_after_its_house_was_accepted_is_told(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    look(trip, area, "april", 1, HOUSE)
    accept(trip, area)
    for name, days in (("may", 2), ("june", 3)):  # since the baseline, april: too little to be told
        look(trip, area, name, days, NOTHING, change((20.0, box(-30, -28))))
    assert pushes(trip) == 1
    wing = change((6000.0, box(-30, -5)))
    compare_by(trip, area, wing, wing)
    assert pushes(trip) == 2


def test_what_nobody_was_told_of_over_a_seam_is_told(trip):
    area, pair, slow = trip.add_area(tiles=2), {}, {}
    trip.compare = lambda *_images, view, **_ground: pair.get(view.tile, NOTHING)
    trip.compare_with_baseline = lambda *_images, view, **_ground: slow.get(view.tile, NOTHING)
    look(trip, area, "march", -1)
    pair[CORNER] = change((900.0, box(-60, 0)))
    look(trip, area, "april", 1)
    assert pushes(trip) == 1
    slow |= {CORNER: pair.pop(CORNER), NEXT: change((20.0, box(0, 2)))}
    look(trip, area, "may", 2)  # 20 m2 on the next tile: seen, not told, and no place was accepted
    pair[NEXT] = slow[NEXT] = change((300.0, box(0, 30)))
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, sensitivity=Sensitivity.HIGH)
    trip.compare_now(area)
    assert pushes(trip) == 2


def test_what_a_permit_silenced_is_told_once_it_is_revoked(trip):
    def permit(state):
        said = {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 12, 31), "reference": "7", "state": state}
        return a_parcel("permit", plot(0, 0, 45, 45), number=1, **said)

    area, house = trip.add_area(tiles=1), change((900.0, plot(10, 10, 30, 30)))
    look(trip, area, "march", -1)
    layer = add_layer(trip.engine, trip.user.user_id, [permit("approved")], kind=LayerKind.PERMITS, name="Permits")
    assert look(trip, area, "april", 1, house).authorised == 1
    assert pushes(trip) == 0
    add_version(trip.engine, layer, [permit("revoked")], number=2)
    compare_by(trip, area, house)
    assert pushes(trip) == 1


def test_a_picture_that_was_compared_after_the_acceptance_is_compared_by_another_sensitivity(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    trip.show("april", days=1)
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    trip.cancel(session)
    accept(trip, area)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_CHANGE": 1}
    assert compare_by(trip, area, HOUSE).counts_by_verdict == {"CHANGED": 1}


def cloudy_april(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    trip.clear_share = 0.7
    look(trip, area, "april", 1, replace(HOUSE, clear_share=0.7))
    trip.clear_share = 1.0
    assert pushes(trip) == 1
    return area


def test_what_a_picture_with_clouds_told_the_clear_one_after_it_does_not(trip):
    area = cloudy_april(trip)
    look(trip, area, "may", 2, HOUSE)  # its reference is march: april is no clear one
    assert pushes(trip) == 1


def test_nor_does_it_open_the_place_that_was_accepted_in_between(trip):
    area = cloudy_april(trip)
    accept(trip, area)
    look(trip, area, "may", 2, HOUSE)
    assert (pushes(trip), place(trip).state) == (1, PlaceState.ACCEPTED)


def test_what_was_told_is_not_told_again_because_its_reference_is_lost(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    look(trip, area, "april", 1, HOUSE)
    trip.images.delete([tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "april"])
    look(trip, area, "may", 2, HOUSE)  # april is lost: march
    assert pushes(trip) == 1


def lost_and_made_anew(trip, area, pair):
    trip.images.delete([tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "april"])
    trip.imagery = Trip(trip.engine).imagery
    trip.show("march", days=-1)
    trip.imagery.show("april", SPRING + timedelta(days=1), lambda _view: b"april, made anew")
    trip.change = pair
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def test_an_area_is_no_changed_one_by_what_people_know(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    look(trip, area, "april", 1, HOUSE)
    look(trip, area, "april", 1)
    lost_and_made_anew(trip, area, HOUSE)
    with trip.engine.connect() as connection:
        assert standings_of(connection, [area.area_id])[area.area_id].state is AreaState.WATCHED


def test_what_was_accepted_lost_and_found_is_not_opened_by_the_next_picture(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "march", -1)
    look(trip, area, "april", 1, HOUSE)
    accept(trip, area)
    lost_and_made_anew(trip, area, HOUSE)
    assert (pushes(trip), place(trip).state) == (1, PlaceState.ACCEPTED)
    look(trip, area, "may", 2, NOTHING, HOUSE)  # its baseline is march: what was accepted is lost
    assert (pushes(trip), place(trip).state) == (1, PlaceState.ACCEPTED)
