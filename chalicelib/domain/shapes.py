"""Shapes: land that is no box, and what of each tile's image it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.domain.errors import Invalid
from chalicelib.domain.tiles import Bounds, Outline, Tile

BUFFER_M = (0.5, 10_000.0)
MOST_CORNERS = 40_000  # of what is watched: an answer holds them all

Outlines = tuple[Outline, ...]
"""Polygons that do not overlap, (lon, lat)."""


class JoinedLand(NamedTuple):
    """The land of parcels without the borders between those that adjoin."""

    corners: int
    outlines: Outlines | None  # None: it has more than `MOST_CORNERS`, and cannot be watched as one area
    filled_m: float = 0.0  # how wide the gaps are, between parcels, that are watched as well


class Ground(NamedTuple):
    """The ground of parcels that are to be watched together."""

    outlines: Outlines
    filled_m: float = 0.0  # as of `JoinedLand`, where they were joined before


def too_many_corners(corners: int) -> Invalid:
    """Return the refusal of parcels that cannot be watched as one area."""
    many, most = (f"{number:,}".replace(",", " ") for number in (corners, MOST_CORNERS))
    return Invalid(
        f"the border of these parcels has {many} corners; at most {most} are kept: make areas of fewer of them",
        pointer="/layerId",
    )


def bounds_of_outlines(outlines: Outlines) -> Bounds:
    """Return the box around polygons."""
    lons, lats = zip(*(position for outline in outlines for position in outline[0]), strict=True)
    return Bounds(min(lons), min(lats), max(lons), max(lats))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Land as it was said, and what is watched of it."""

    geometry: dict[str, Any]  # GeoJSON, as it was said, mended
    buffer_m: float | None = None  # how far a point or a line reaches
    exclude: dict[str, Any] | None = None  # a MultiPolygon that is left out
    watched: Outlines  # with its buffer, and without what is left out
    m2: float  # on the sphere of `M_PER_DEGREE`
    notes: tuple[str, ...] = ()  # what was mended, a sentence each

    @property
    def watched_geojson(self) -> dict[str, Any]:
        """What is watched, as GeoJSON."""
        return {"type": "MultiPolygon", "coordinates": self.watched}

    @property
    def bounds(self) -> Bounds:
        """The box around what is watched."""
        return bounds_of_outlines(self.watched)


class TilePart(NamedTuple):
    """What of a tile a shape is."""

    tile: Tile
    m2: float
    outlines: Outlines | None  # of the tile's image, its margin included; None: all of it


class Watched(NamedTuple):
    """What an area with a shape watches of one tile."""

    outlines: Outlines | None  # of the tile's image, its margin included; None: all of it
    m2: float  # of the tile
    finest_zoom: int  # that its area may move to: it is known there too


class Size(NamedTuple):
    """How large a shape is."""

    m2: float
    tiles: int  # that it touches


class Laid(NamedTuple):
    """A shape on its grid, and on the finer grids that its area may move to."""

    shape: Shape
    covers: tuple[tuple[TilePart, ...], ...]  # the grid's own first

    @property
    def size(self) -> Size:
        """How large it is, on the grid."""
        return Size(self.shape.m2, len(self.covers[0]))
