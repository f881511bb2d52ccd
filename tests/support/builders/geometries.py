"""GeoJSON geometries, and the shapes that they are read as."""

from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.geojson import read_geometry, read_polygons


def of(*rings):
    """Give a polygon: its ring, then its holes."""
    return {"type": "Polygon", "coordinates": [[list(position) for position in ring] for ring in rings]}


def box(west, south, east, north):
    """Give the ring of a box."""
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def shape(geometry, buffer_m=None, exclude=None):
    """Read a geometry as a shape of land."""
    left_out = [] if exclude is None else read_polygons(exclude, "/exclude")
    return GeosShapes().shape(read_geometry(geometry, "/geometry"), buffer_m=buffer_m, exclude=left_out)
