"""Areas that share images, and what is stored for them: for the tests of shared images."""

from datetime import timedelta

from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.captures import SHARED
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.scenes import Item, scene_of
from chalicelib.domain.tiles import bounds_of
from tests.support.builders.domain import CORNER, GRID, SPRING, a_change
from tests.support.trip import LEASE_S

ROUNDS = 200
OFFSETS_S = ((0, 0), (0, 0.02), (0.02, 0), (0, 0.002), (0.002, 0))  # both together, and each of them first
VIEW = GRID.view(CORNER)
CHANGE = a_change(m2=900)


def captures_of(trip):
    with trip.engine.connect() as connection:
        return connection.execute(select(t.captures).order_by(t.captures.c.id)).all()


def shared_keys(trip):
    return {item.key for item in trip.images.keys_after("", prefix=f"{SHARED}/")}


def keys_of(trip, area):
    return {tile.image.key for tile in trip.tiles(area)}


def together(trip, *areas):
    """Run a session of each area, all of them at the same time."""
    sessions = [trip.capture_now(area) for area in areas]
    trip.work()
    users = {area.area_id: area.user_id for area in areas}
    return [trip.sessions.get(one.session_id, user_id=users[one.area_id]) for one in sessions]


def half(scene_id, *, west, content="1", hours=0):
    """An item of the western or the eastern half of the corner's tile, and of what lies beside it."""
    ground = bounds_of(CORNER)
    middle, reach = (ground.west + ground.east) / 2, ground.east - ground.west
    east = middle + (0 if west else reach)
    bounds = ground._replace(west=middle - (reach if west else 0), east=east)
    return Item(scene_id, SPRING + timedelta(hours=hours), content, bounds)


def show_items(trip, *items):
    scene = scene_of(items)
    content = str([(item.item_id, item.content) for item in scene.items]).encode()
    trip.imagery._scenes = [(scene, lambda _view: content, lambda _view: None)]
    found = trip.imagery.scenes

    def fetch(asked, view, area, own=trip.imagery.fetch):
        return own(scene, view, area) if set(asked.items) == set(scene.items) else own(asked, view, area)

    trip.imagery.fetch = fetch
    return found


def a_part(trip, *, west):
    """An area in the western or the eastern tenth of the corner's tile."""
    ground = bounds_of(CORNER)
    width = ground.east - ground.west
    left = ground.west + width * (0.05 if west else 0.85)
    area = trip.add_area(user=trip.add_user(), tiles=1)
    extent = area.extent
    with trip.engine.begin() as connection:
        of_part = {"center_lon": left + width * 0.05, "west_km": extent.west_km / 10, "east_km": extent.east_km / 10}
        connection.execute(t.area_configs.update().where(t.area_configs.c.id == area.area_id).values(**of_part))
    return trip.areas.get(area.area_id, user_id=area.user_id)


def claim_of(trip, area):
    """Open a session of an area of one tile and claim its tile run; the claim, and its job."""
    session = trip.capture_now(area)
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=9e9)
    job = TileJob.from_json(received.message.body)
    assert job.session_id == session.session_id
    return trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S), job
