"""The tables of areas that are no boxes: what was said of their land, and what of each tile it is.

Without foreign keys, for a release that does not know them purges areas too.
"""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, Text, UniqueConstraint

from chalicelib.adapters.database.archive_tables import MOST_BYTES
from chalicelib.adapters.database.metadata import Id, table

area_shapes = table(
    "area_shapes",
    Column("area_id", Id, primary_key=True, autoincrement=False),
    Column("geometry", Text(MOST_BYTES), nullable=False),  # GeoJSON, as it was said, mended
    Column("buffer_m", Double),  # how far a point or a line reaches
    Column("exclude", Text(MOST_BYTES)),  # GeoJSON
    Column("watched", Text(MOST_BYTES), nullable=False),  # the coordinates of a MultiPolygon
)

area_tiles = table(
    "area_tiles",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, nullable=False),
    Column("z", Integer, nullable=False),  # its grid's, and those that it may move to
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("watched_m2", Double, nullable=False),  # of the tile
    Column("outlines", Text(MOST_BYTES)),  # of the tile's image, as `watched`; NULL: all of it
    UniqueConstraint("area_id", "z", "x", "y"),
)
