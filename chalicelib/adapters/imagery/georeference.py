"""Where a picture lies: all that an item says of it, which must agree, held against the picture's own pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.boxes import (
    TOLERANCE,
    Affine,
    bounds_of_geometry,
    box_of,
    check_agreement,
    exchanged,
    in_degrees,
    number,
    numbers,
    read_bbox,
    read_transform,
)
from chalicelib.adapters.imagery.crs import check_degrees, system_said
from chalicelib.adapters.imagery.stated_samples import stated_gsds
from chalicelib.adapters.imagery.systems import LON_LAT, MERCATOR, System
from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE, Bounds, centre_of, grid_position, gsd_m

ONE_PIXEL = 1.01  # a picture's last column or row may be cut or filled
LEAST_PIXEL_M = 0.001
_HALF_WAY_ROUND = 180  # degrees
_IN_WORLDS = 0  # the zoom of the grid whose one tile is the world


class Shape(NamedTuple):
    """Of a picture, in pixels: as `proj:shape` orders it."""

    rows: int
    columns: int


class Laid(NamedTuple):
    """A picture on its ground."""

    bounds: Bounds
    gsd_m: float  # metres a pixel, along its rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Georeference:
    """What an item says of where one of its pictures lies."""

    bounds: Bounds
    system: System
    is_system_said: bool = True
    shape: Shape | None = None
    transform: Affine | None = None
    gsd: tuple[str, float] | None = None  # what says it, and metres a pixel

    @property
    def is_lonlat(self) -> bool:
        """Are rows even in latitude (EPSG:4326)? Else in Web Mercator (EPSG:3857), or it is a GeoTIFF's in UTM."""
        return self.system == LON_LAT

    def lay(self, width: int, height: int) -> Laid:
        """Lay a picture of so many pixels on its ground. Raises BadItem where the two do not agree."""
        bounds = self.bounds
        if self.shape is not None:
            check_shape(self.shape, Shape(height, width))
        elif self.transform is not None:
            spanned = in_degrees("proj:transform", self.transform.box(width, height), self.system)
            check_agreement(("bbox", bounds), (f"proj:transform of {width} x {height} px", spanned))
            bounds = spanned
        if self.transform is None:
            self._check_aspect(width, height)
        return Laid(bounds, self._gsd_m(bounds, width, height))

    def _check_aspect(self, width: int, height: int) -> None:
        slack = max(TOLERANCE, ONE_PIXEL / min(width, height))
        wrong = off(self._pixel_aspect(self.bounds, width, height))
        if wrong <= slack or (self.is_lonlat and off(_degree_aspect(self.bounds, width, height)) <= slack):
            return
        hint = ""
        meant: Bounds | None = None
        turned = exchanged(self.bounds)
        if not self.is_system_said and off(_degree_aspect(self.bounds, width, height)) <= slack:
            hint = '; they are square in degrees: is it EPSG:4326? Then say "proj:code": "EPSG:4326"'
        elif max(map(abs, turned[1::2])) < MAX_LATITUDE and off(self._pixel_aspect(turned, width, height)) <= slack:
            hint, meant = "; with longitude and latitude exchanged they would be square: are they exchanged?", turned
        elif self.bounds.east - self.bounds.west > _HALF_WAY_ROUND:
            hint = "; it reaches around the world: one across the 180th meridian is cut there into two items"
        bad = BadItem(
            f"bbox and picture have different shapes: on the ground of its bbox the pixels of the picture, {width} x "
            f"{height}, would be {_times(self._pixel_aspect(self.bounds, width, height))}{hint}"
        )
        bad.grounds = () if meant is None else (meant,)
        raise bad

    def _pixel_aspect(self, bounds: Bounds, width: int, height: int) -> float:
        """Return the width of a pixel by its height, on the ground."""
        across, down = _worlds(bounds)
        if self.is_lonlat:
            down = (bounds.north - bounds.south) / 360 / math.cos(math.radians(centre_of(bounds)[1]))
        return (across / width) / (down / height)

    def _gsd_m(self, bounds: Bounds, width: int, height: int) -> float:
        latitude = centre_of(bounds)[1]
        across, down = _worlds(bounds)
        along_row = gsd_m(latitude, _IN_WORLDS, tile_px=1) * across / width
        if along_row < LEAST_PIXEL_M:
            raise BadItem(f"on the ground of its bbox a pixel of the picture would be {along_row:.2g} m wide")
        along_column = gsd_m(latitude, _IN_WORLDS, tile_px=1) * down / height
        if self.is_lonlat:
            along_column = (bounds.north - bounds.south) * M_PER_DEGREE / height
        on_map = gsd_m(0, _IN_WORLDS, tile_px=1) * across / width  # as a GeoTIFF of EPSG:3857 states it
        if self.gsd is None:
            return along_row
        what, said = self.gsd
        could_be = (along_row, along_column) if self.is_lonlat else (along_row, along_column, on_map)
        if min(off(said / each) for each in could_be) > max(TOLERANCE, ONE_PIXEL / min(width, height)):
            hint = "; is it in centimetres?" if off(said / along_row / 100) <= TOLERANCE else ""
            raise BadItem(f"{what} says {said:g} m a pixel, on the ground of its bbox it is {along_row:.3g} m{hint}")
        return said if off(said / along_row) <= TOLERANCE else along_row


def read_georeference(
    item: Mapping[str, Any], properties: Mapping[str, Any], asset: Mapping[str, Any], *, of_geotiff: bool = False
) -> Georeference:
    """Read where an item says that the picture of one asset lies; a GeoTIFF may lie in UTM. Raises BadItem."""
    check_degrees(item.get("crs"))
    said_system = system_said(properties, asset, of_geotiff=of_geotiff)
    said = {**properties, **asset}
    of_projection = [key for key in ("proj:transform", "proj:bbox", "proj:geometry") if said.get(key) is not None]
    if said_system is None and of_projection:
        raise BadItem(f"it says {of_projection[0]}, and not in which system: add proj:code")
    system = said_system or MERCATOR
    limit = 90.0 if system == LON_LAT else MAX_LATITUDE + 1e-6
    shape = _shape(said.get("proj:shape"))
    transform = None if said.get("proj:transform") is None else read_transform(said["proj:transform"], shape)

    # The most exact one first: the others must agree with it.
    boxes: list[tuple[str, Bounds]] = []
    if transform is not None and shape is not None:
        spanned = transform.box(shape.columns, shape.rows)
        boxes.append(("proj:transform", in_degrees("proj:transform", spanned, system)))
    if said.get("proj:bbox") is not None:
        box = box_of("proj:bbox", said["proj:bbox"])
        boxes.append(("proj:bbox", in_degrees("proj:bbox", box, system)))
    if transform is not None and not boxes and item.get("bbox") is None and item.get("geometry") is None:
        raise BadItem("bbox is missing, and proj:transform says no ground without proj:shape: add one of them")
    if item.get("bbox") is not None or (item.get("geometry") is None and not boxes):
        boxes.append(("bbox", read_bbox(item.get("bbox"), limit=limit)))
    if item.get("geometry") is not None:
        boxes.append(("geometry", bounds_of_geometry("geometry", item["geometry"], limit=limit)))
    if said.get("proj:geometry") is not None:
        box = bounds_of_geometry("proj:geometry", said["proj:geometry"], limit=math.inf)
        boxes.append(("proj:geometry", in_degrees("proj:geometry", box, system)))
    for other in boxes[1:]:
        check_agreement(boxes[0], other)
    _check_centroid(said.get("proj:centroid"), boxes[0][1])
    return Georeference(
        bounds=boxes[0][1],
        system=system,
        is_system_said=said_system is not None,
        shape=shape,
        transform=transform,
        gsd=_gsd(asset) or _gsd(properties),
    )


def _shape(value: object) -> Shape | None:
    if value is None:
        return None
    rows, columns = numbers("proj:shape", value, {2})
    if min(rows, columns) < 1:
        raise BadItem(f"proj:shape must be rows and columns, 1 or more, not {value!r:.60}")
    return Shape(int(rows), int(columns))


def check_shape(said: Shape, seen: Shape) -> None:
    """Check that a picture has the shape that is said of it, to 2 %. Raises BadItem."""
    if all(off(one / other) <= TOLERANCE for one, other in zip(said, seen, strict=True)):
        return
    hint = ": are rows and columns exchanged?" if said == seen[::-1] else ""
    raise BadItem(
        f"proj:shape says {said.rows} rows of {said.columns} px, the picture has {seen.rows} rows of "
        f"{seen.columns} px{hint}"
    )


def _check_centroid(value: object, bounds: Bounds) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise BadItem(f"proj:centroid must be an object with lat and lon, not {value!r:.60}")
    lon, lat = (number(f"proj:centroid.{key}", value.get(key)) for key in ("lon", "lat"))
    middle_lon, middle_lat = centre_of(bounds)
    width, height = bounds.east - bounds.west, bounds.north - bounds.south
    if abs(lon - middle_lon) > width / 2 or abs(lat - middle_lat) > height / 2:
        raise BadItem(
            f"proj:centroid says lon {lon:.6f}, lat {lat:.6f}, outside of its bbox around lon {middle_lon:.6f}, "
            f"lat {middle_lat:.6f}"
        )


def _gsd(said: Mapping[str, Any]) -> tuple[str, float] | None:
    found = [(key, number(key, value)) for key, value in stated_gsds(said)]
    for key, value in found:
        if value <= 0:
            raise BadItem(f"{key} must be metres a pixel, more than 0, not {value:g}")
        if off(value / found[0][1]) > TOLERANCE:
            raise BadItem(f"{found[0][0]} says {found[0][1]:g} m a pixel, {key} {value:g}")
    return found[0] if found else None


def _worlds(bounds: Bounds) -> tuple[float, float]:
    """Return width and height of a box on the map, in worlds of Web Mercator."""
    left, top = grid_position(bounds.west, bounds.north, _IN_WORLDS)
    right, bottom = grid_position(bounds.east, bounds.south, _IN_WORLDS)
    return right - left, bottom - top


def _degree_aspect(bounds: Bounds, width: int, height: int) -> float:
    return (bounds.east - bounds.west) / width / ((bounds.north - bounds.south) / height)


def off(ratio: float) -> float:
    """Return by how much a ratio is off 1, whichever way round."""
    return max(ratio, 1 / ratio) - 1


def _times(aspect: float) -> str:
    ratio = max(aspect, 1 / aspect)
    return f"{ratio:.3g} times as {'wide as high' if aspect > 1 else 'high as wide'}"
