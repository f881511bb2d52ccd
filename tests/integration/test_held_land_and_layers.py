"""Legal holds, and what else would be deleted: the land of an area, and the layers that its alerts name parcels of."""

from dataclasses import replace
from time import sleep

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.layers import SqlLayers
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.areas import Area, Land
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import read_geometry
from chalicelib.domain.holds import Held, Hold
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.shapes import Laid
from chalicelib.domain.tiles import Bounds, bounds_of
from tests.support.builders.domain import CORNER, GRID, a_change, a_region
from tests.support.builders.parcels import a_parcel, add_layer, add_version, plot
from tests.support.retained import KeepingTrip
from tests.support.timing import at_once
from tests.support.trip import ALL

ROUNDS = 20
AROUND = plot(-50, -50, 50, 50)


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def place(trip, **held):
    of_user = {"user_id": trip.user.user_id, "most_holds": 1000}
    return trip.holds.place(Held(**held), **of_user, reason="case 12", now=trip.now)


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


# Layers: what an alert that is held says of its parcels can be looked up


@pytest.fixture
def layers(engine):
    return SqlLayers(engine)


@pytest.fixture
def named(trip):
    """Give an area, a session whose alert names a parcel, its place, and the layer; that has a newer version by now."""
    layer_id = add_layer(trip.engine, trip.user.user_id, [a_parcel("820/1", AROUND)])
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, [0])
    region = replace(a_region(900.0), outline=plot(-10, -10, 20, 20))
    (session,) = trip.look_each_day(area, [1], change=replace(a_change(), regions=(region,)))
    add_version(trip.engine, layer_id, [a_parcel("820/2", plot(500, 500, 600, 600))], number=2)
    held = {"area": area.area_id, "session": session.session_id, "place": only_place(trip).place_id}
    return held, layer_id


def delete(trip, layers, layer_id):
    layers.delete(layer_id, user_id=trip.user.user_id, now=trip.now)


def sweep(trip, layers):
    """Sweep to the end; return the names of the parcels that are left."""
    while layers.purge(now=trip.now, limit=1000):
        pass
    with trip.engine.connect() as connection:
        return connection.execute(select(t.parcels.c.name).order_by(t.parcels.c.name)).scalars().all()


@pytest.mark.parametrize("what", ["area", "session", "place"])
def test_a_layer_that_a_held_alert_names_a_parcel_of_is_not_deleted(trip, layers, named, what):
    held, layer_id = named
    beside = add_layer(trip.engine, trip.user.user_id, [a_parcel("9", AROUND)], name="Named by nobody")
    hold = place(trip, **{f"{what}_id": held[what]})
    with pytest.raises(Conflict, match=rf"layer {layer_id}, .*\(hold {hold.hold_id} on {what} {held[what]}\)"):
        delete(trip, layers, layer_id)
    delete(trip, layers, beside)
    assert layers.get(layer_id, user_id=trip.user.user_id).layer_id == layer_id
    assert sweep(trip, layers) == ["820/1", "820/2"], "its older version, which the alert is of, too"
    lift(trip, hold)
    delete(trip, layers, layer_id)
    assert sweep(trip, layers) == []


def test_what_is_held_elsewhere_keeps_no_layer(trip, layers, named):
    _, layer_id = named
    other = trip.add_area(tiles=1)
    (session,) = trip.look_each_day(other, [2])
    place(trip, area_id=other.area_id)
    place(trip, session_id=session.session_id)
    with pytest.raises(NotFound):
        layers.delete(layer_id, user_id=trip.add_user().user_id, now=trip.now)
    delete(trip, layers, layer_id)
    assert sweep(trip, layers) == []


def test_of_a_layer_that_was_deleted_before_the_hold_nothing_more_goes(trip, layers, named):
    held, layer_id = named
    delete(trip, layers, layer_id)
    hold = place(trip, session_id=held["session"])
    beside = add_layer(trip.engine, trip.user.user_id, [a_parcel("9", AROUND)], name="Named by nobody")
    delete(trip, layers, beside)
    assert sweep(trip, layers) == ["820/1", "820/2"], "and it keeps no other one from going"
    lift(trip, hold)
    assert sweep(trip, layers) == []


def test_a_hold_and_the_deletion_of_a_layer(trip, layers, named):
    """Whichever is first: what is there when the hold stands is there as long as it does."""
    held, _ = named
    for number in range(ROUNDS):
        layer_id = add_layer(trip.engine, trip.user.user_id, [a_parcel(f"race {number}", AROUND)], name=f"{number}")
        with trip.engine.begin() as connection:
            connection.execute(t.named_parcels.update().values(layer_id=layer_id))
        placed, deleted = at_once(
            lambda: place(trip, session_id=held["session"]), lambda of=layer_id: delete(trip, layers, of)
        )
        assert isinstance(placed, Hold)
        assert deleted is None or isinstance(deleted, Conflict)
        assert f"race {number}" in sweep(trip, layers)
        with trip.engine.connect() as connection:
            is_deleted = select(func.count()).where(t.layers.c.id == layer_id, t.layers.c.deleted_at.is_not(None))
            assert connection.execute(is_deleted).scalar_one() == (deleted is None)
        lift(trip, placed)


def test_a_hold_and_a_round_of_the_sweep_of_layers(trip, layers, named):
    """What is left of a layer when the hold stands is left as long as it does: none of it goes behind its back."""
    held, _ = named
    many = [a_parcel(f"{number}", AROUND, number=number) for number in range(1, 200)]

    def rows(layer_id):
        with trip.engine.connect() as connection:
            of_layer = t.parcels.join(t.layer_versions, t.layer_versions.c.id == t.parcels.c.layer_version_id)
            mine = select(func.count()).select_from(of_layer).where(t.layer_versions.c.layer_id == layer_id)
            return connection.execute(mine).scalar_one()

    for number in range(ROUNDS):
        layer_id = add_layer(trip.engine, trip.user.user_id, many, name=f"{number}")
        with trip.engine.begin() as connection:
            connection.execute(t.named_parcels.update().values(layer_id=layer_id))
        delete(trip, layers, layer_id)
        late_s = (number % 10) / 1000
        (hold, left), _ = at_once(
            lambda of=layer_id, late_s=late_s: (sleep(late_s) or place(trip, session_id=held["session"]), rows(of)),
            lambda: layers.purge(now=trip.now, limit=1000),
        )
        assert rows(layer_id) == left
        lift(trip, hold)
        sweep(trip, layers)
