"""Legal holds, and what else would be deleted: the land of an area, and the layers that its alerts name parcels of."""

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.areas import Area, Land
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import read_geometry
from chalicelib.domain.holds import Held, Hold
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.shapes import Laid
from chalicelib.domain.tiles import Bounds, bounds_of
from tests.support.builders.domain import CORNER, GRID, a_change
from tests.support.retained import KeepingTrip
from tests.support.timing import at_once
from tests.support.trip import ALL

ROUNDS = 20


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def place(trip, **held):
    return trip.holds.place(Held(**held), user_id=trip.user.user_id, reason="case 12", now=trip.now)


def lift(trip, hold):
    return trip.holds.lift(hold.hold_id, user_id=trip.user.user_id, reason="settled", now=trip.now)


def only_place(trip):
    (found,) = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(None, None, None), page=ALL).items
    return found


def shape(inset):
    """Give land that is a shape on the first tile, so much of it inside its borders."""
    whole = bounds_of(CORNER)
    by = (whole.east - whole.west) * inset, (whole.north - whole.south) * inset
    west, south, east, north = whole.west + by[0], whole.south + by[1], whole.east - by[0], whole.north - by[1]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shapes = GeosShapes()
    said = read_geometry({"type": "Polygon", "coordinates": [ring]}, "/geometry")
    of = shapes.shape(said, buffer_m=None, exclude=[])
    return Land(Extent.around(of.bounds), GRID, Laid(of, tuple(shapes.covers(of, GRID, most_tiles=2500))))


def box(inset):
    return Land(Extent.around(Bounds(*shape(inset).extent.bounds)), GRID, None)


SHAPES = {inset: shape(inset) for inset in (0.1, 0.2)}
OTHERS = {"shape": SHAPES[0.2], "box": box(0.2)}


def change(trip, area, **changes):
    return trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, **changes)


def land_of(trip, area):
    """Read all that is kept of an area's land."""
    now = trip.areas.get(area.area_id, user_id=area.user_id)
    with trip.engine.connect() as connection:
        parts = connection.execute(select(t.area_tiles).where(t.area_tiles.c.area_id == area.area_id))
        return now.extent, now.size, trip.areas.shape_of(now), sorted(map(tuple, parts))


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("what", ["area", "session", "place"])
def test_the_land_of_an_area_that_is_held_stays_and_its_other_settings_can_change(trip, what, other):
    area = change(trip, trip.add_area(tiles=1), land=SHAPES[0.1])
    trip.look_each_day(area, [0])
    (session,) = trip.look_each_day(area, [1], change=a_change(m2=900))
    ids = {"area": area.area_id, "session": session.session_id, "place": only_place(trip).place_id}
    hold, before = place(trip, **{f"{what}_id": ids[what]}), land_of(trip, area)
    with pytest.raises(Conflict, match=rf"land of area {area.area_id} .*hold {hold.hold_id} on {what} {ids[what]}\b"):
        change(trip, area, land=OTHERS[other], name="Other land")
    assert land_of(trip, area) == before
    renamed = change(trip, area, name="The same land", sensitivity="high")
    assert (renamed.name, land_of(trip, area)) == ("The same land", before)
    assert change(trip, area, land=SHAPES[0.1], name="Said again").name == "Said again", "no other land"
    lift(trip, hold)
    assert change(trip, area, land=OTHERS[other]).extent == OTHERS[other].extent
    assert land_of(trip, area) != before


def test_a_hold_and_a_change_of_the_land_of_its_area(trip):
    """Of the two one is first: land is another only where the hold was placed after that."""
    for _ in range(ROUNDS):
        area = change(trip, trip.add_area(tiles=1), land=SHAPES[0.1])
        held, changed = at_once(
            lambda a=area: place(trip, area_id=a.area_id), lambda a=area: change(trip, a, land=OTHERS["shape"])
        )
        assert isinstance(held, Hold)
        assert isinstance(changed, Area | Conflict)
        assert (land_of(trip, area)[0] == area.extent) == isinstance(changed, Conflict)
        with trip.engine.connect() as connection:
            entry = t.audit_entries
            told = connection.execute(select(entry.c.deed).order_by(entry.c.number.desc()).limit(2)).scalars().all()
        is_hold_last = told == [Deed.HOLD_PLACED, Deed.AREA_CHANGED]
        assert is_hold_last or isinstance(changed, Conflict), told
