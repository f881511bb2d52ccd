"""What comparisons find on tiles in a row, and the places that come of it."""

from dataclasses import replace

from sqlalchemy import func, select

from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.tiles import M_PER_DEGREE, bounds_of
from tests.support.builders.domain import CORNER, SPRING, a_change, a_region
from tests.support.trip import ALL

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


def places(trip, **wanted):
    return trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(**wanted), page=ALL).items


def rows(trip, table):
    with trip.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def history(trip, place):
    return [(seen.area_m2, seen.is_told) for seen in trip.places.history(place.place_id, most=100)]


def place_ids(trip, session):
    return [alert.place_ids for alert, _ in trip.alerts_of(session)]
