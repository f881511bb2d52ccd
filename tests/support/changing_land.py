"""Land that is changed while it is watched: boxes and shapes over tiles in a row, and the change itself."""

from sqlalchemy import text

from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.application.change_area import change_area
from chalicelib.domain.areas import Land
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import read_geometry
from chalicelib.domain.shapes import Laid
from chalicelib.domain.tiles import Bounds, Tile, bounds_of
from tests.support.builders.domain import CORNER, GRID
from tests.support.fakes.imagery import ScriptedImagery


def box(first, last, inset=0.1):
    """Give the land of a box over a row of tiles, a bit inside their outer borders."""
    one, other = (bounds_of(Tile(CORNER.z, CORNER.x + place, CORNER.y)) for place in (first, last))
    width, height = ((one.east - one.west) * inset, (one.north - one.south) * inset)
    bounds = Bounds(one.west + width, one.south + height, other.east - width, one.north - height)
    return Land(Extent.around(bounds), GRID, None)


def shape(first, last, inset=0.1):
    """Give the same land as a shape."""
    west, south, east, north = box(first, last, inset).extent.bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shapes = GeosShapes()
    said = read_geometry({"type": "Polygon", "coordinates": [ring]}, "/geometry")
    of = shapes.shape(said, buffer_m=None, exclude=[])
    return Land(Extent.around(of.bounds), GRID, Laid(of, tuple(shapes.covers(of, GRID, most_tiles=2500))))


def change(trip, area, *, version=None, read=None, **changes):
    """Change an area, as it was read: just now, unless something else is said."""
    return change_area(
        read or now_of(trip, area),
        changes,
        version=version,
        terms=trip.imagery.terms,
        is_cadence_left=False,
        is_smallest_left=False,
        usual_cadence_hours=None,
        areas=trip.areas,
        sessions=trip.sessions,
        jobs=trip.jobs,
        clock=trip.clock,
        request_id="",
    )


def now_of(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id)


def places_of(trip, session):
    with trip.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT x FROM session_tiles WHERE session_id = :id ORDER BY x"), {"id": session.session_id}
        )
        return [row.x - CORNER.x for row in rows]


def verdicts(trip, session):
    return trip.session(session).counts_by_verdict


def look(trip, area):
    """Run a session on what there is."""
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def withdrawn(trip):
    """Take april back: there is march alone."""
    trip.imagery = ScriptedImagery()
    trip.show("march")
