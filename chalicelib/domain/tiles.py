"""The fixed Web-Mercator grid: which tile covers what ground, and how large its pixels are there.

The tile scheme is XYZ ("slippy map"): y grows south. Formulas: OpenStreetMap wiki, "Slippy map tilenames".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from chalicelib.domain.errors import Invalid

MAX_LATITUDE = 85.05112877980659  # where the square Web-Mercator world ends
MAX_ZOOM = 23
M_PER_DEGREE = 111_194.93  # one degree of latitude on the sphere of 6 371 km
_EQUATOR_M_PER_PX = 156_543.03392804097  # WGS84 circumference / 256, at zoom 0
_SEAM = 1e-9  # a bound closer to a seam than this share of a tile does not reach over it: rounding, not ground


class Bounds(NamedTuple):
    """A box in degrees."""

    west: float
    south: float
    east: float
    north: float


Outline = list[list[tuple[float, float]]]
"""The coordinates of a GeoJSON Polygon: closed rings of (lon, lat), the outer one first."""


class Tile(NamedTuple):
    """One cell of the grid; the same key is always the same ground.

    >>> str(Tile(17, 96_788, 57_975))
    '17/96788/57975'
    """

    z: int
    x: int
    y: int

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}"

    @classmethod
    def parse(cls, key: str) -> Tile:
        """Parse a tile from `z/x/y`. Raises Invalid."""
        try:
            z, x, y = (int(part) for part in key.split("/"))
        except ValueError:
            raise Invalid(f"a tile is written z/x/y, not {key!r}") from None
        if not (0 <= z <= MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            raise Invalid(f"there is no tile {key!r}")
        return cls(z, x, y)


def gsd_m(latitude: float, zoom: int, tile_px: int = 256) -> float:
    """Return the ground sample distance, in metres a pixel.

    >>> round(gsd_m(60, 17), 3)
    0.597
    """
    metres: float = _EQUATOR_M_PER_PX * math.cos(math.radians(latitude)) / 2**zoom
    return metres * 256 / tile_px


def grid_position(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """Return the position in tiles from the grid's north-west corner, as (x, y) fractions."""
    sine = math.sin(math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, lat))))
    tiles = 2**zoom
    x = (lon + 180) / 360 * tiles
    y = (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * tiles
    return x, y


def position(x: float, y: float, zoom: int) -> tuple[float, float]:
    """Return (lon, lat) of a position in the grid: the inverse of `grid_position`."""
    tiles = 2**zoom
    return x / tiles * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / tiles))))


def bounds_of(tile: Tile) -> Bounds:
    """Return the ground of a tile."""
    west, north = position(tile.x, tile.y, tile.z)
    east, south = position(tile.x + 1, tile.y + 1, tile.z)
    return Bounds(west, south, east, north)


def shared_m2(tile: Tile, area: Bounds) -> float:
    """Return the square metres of a tile's ground that lie in a box, on the sphere of `M_PER_DEGREE`."""
    ground = bounds_of(tile)
    width = min(ground.east, area.east) - max(ground.west, area.west)
    north, south = min(ground.north, area.north), max(ground.south, area.south)
    if width <= 0 or north <= south:
        return 0.0
    return width * math.cos(math.radians((north + south) / 2)) * (north - south) * M_PER_DEGREE**2


def overlap(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes share some ground."""
    return one.west < other.east and other.west < one.east and one.south < other.north and other.south < one.north


def centre_of(bounds: Bounds) -> tuple[float, float]:
    """Return (lon, lat) of a box's centre."""
    return (bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2


def tile_span(bounds: Bounds, zoom: int) -> tuple[range, range]:
    """Return the columns and the rows of the tiles that hold some of a box."""
    left, top = grid_position(bounds.west, bounds.north, zoom)
    right, bottom = grid_position(bounds.east, bounds.south, zoom)
    last = 2**zoom - 1
    first_x, first_y = math.floor(left + _SEAM), math.floor(top + _SEAM)
    last_x = max(first_x, math.ceil(right - _SEAM) - 1)
    last_y = max(first_y, math.ceil(bottom - _SEAM) - 1)
    return range(max(0, first_x), min(last, last_x) + 1), range(max(0, first_y), min(last, last_y) + 1)


def tiles_covering(bounds: Bounds, zoom: int) -> Iterator[Tile]:
    """Yield every tile that holds some of the box, row by row from the north-west."""
    columns, rows = tile_span(bounds, zoom)
    for y in rows:
        for x in columns:
            yield Tile(zoom, x, y)


def count_covering(bounds: Bounds, zoom: int) -> int:
    """Count the tiles that cover the box without making them: a world-wide box must cost nothing to refuse."""
    columns, rows = tile_span(bounds, zoom)
    return len(columns) * len(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What an image of a tile shows: the tile (`tile_px` square) and a margin on all four sides.

    Positions in it are (column, row) in pixels from the image's north-west corner; pixel (0, 0) covers 0.0 to 1.0.
    """

    tile: Tile
    tile_px: int
    margin_px: int

    def __post_init__(self) -> None:
        if not (16 <= self.tile_px <= 4096 and 0 <= self.margin_px <= self.tile_px):
            raise Invalid(f"a view of {self.tile_px} px with a margin of {self.margin_px} px makes no sense")

    @property
    def size_px(self) -> int:
        """Width and height of the image, in pixels."""
        return self.tile_px + 2 * self.margin_px

    @property
    def gsd_m(self) -> float:
        """Metres a pixel, at the tile's centre."""
        return gsd_m(centre_of(bounds_of(self.tile))[1], self.tile.z, self.tile_px)

    @property
    def bounds(self) -> Bounds:
        """The ground of the whole image, margin included."""
        west, north = self.lonlat(0, 0)
        east, south = self.lonlat(self.size_px, self.size_px)
        return Bounds(west, south, east, north)

    def lonlat(self, column: float, row: float) -> tuple[float, float]:
        """Return (lon, lat) of a position in the image."""
        x = self.tile.x + (column - self.margin_px) / self.tile_px
        y = self.tile.y + (row - self.margin_px) / self.tile_px
        return position(x, y, self.tile.z)

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Return (column, row) of a position; may lie outside the image."""
        x, y = grid_position(lon, lat, self.tile.z)
        return (x - self.tile.x) * self.tile_px + self.margin_px, (y - self.tile.y) * self.tile_px + self.margin_px

    def reach(self, area: Bounds) -> Bounds:
        """Return the ground of all the images that an area has on this view's grid, margins included.

        Whoever watches a part of a tile so asks for the same as its neighbours on that tile.
        """
        columns, rows = tile_span(area, self.tile.z)
        first = replace(self, tile=Tile(self.tile.z, columns[0], rows[0])).bounds
        last = replace(self, tile=Tile(self.tile.z, columns[-1], rows[-1])).bounds
        return Bounds(first.west, last.south, last.east, first.north)
