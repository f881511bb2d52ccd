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
from chalicelib.adapters.imagery.crs import check_degrees, is_lonlat_said
from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE, Bounds, centre_of, grid_position, gsd_m

ONE_PIXEL = 1.01  # a picture's last column or row may be cut or filled
LEAST_PIXEL_M = 0.001
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
    is_lonlat: bool  # rows are even in latitude (EPSG:4326), else in Web Mercator (EPSG:3857)
    is_system_said: bool = True
    shape: Shape | None = None
    transform: Affine | None = None
    gsd_m: float | None = None

    def lay(self, width: int, height: int) -> Laid:
        """Lay a picture of so many pixels on its ground. Raises BadItem where the two do not agree."""
        bounds = self.bounds
        if self.shape is not None:
            _check_shape(self.shape, Shape(height, width))
        elif self.transform is not None:
            spanned = in_degrees("proj:transform", self.transform.box(width, height), is_lonlat=self.is_lonlat)
            check_agreement(("bbox", bounds), (f"proj:transform of {width} x {height} px", spanned))
            bounds = spanned
        if self.transform is None:
            self._check_aspect(width, height)
        return Laid(bounds, self._gsd_m(bounds, width, height))

    def _check_aspect(self, width: int, height: int) -> None:
        slack = max(TOLERANCE, ONE_PIXEL / min(width, height))
        off = _off(self._pixel_aspect(self.bounds, width, height))
        if off <= slack or (self.is_lonlat and _off(_degree_aspect(self.bounds, width, height)) <= slack):
            return
        hint = ""
        meant: Bounds | None = None
        turned = exchanged(self.bounds)
        if not self.is_system_said and _off(_degree_aspect(self.bounds, width, height)) <= slack:
            hint = '; they are square in degrees: is it EPSG:4326? Then say "proj:code": "EPSG:4326"'
        elif max(map(abs, turned[1::2])) < MAX_LATITUDE and _off(self._pixel_aspect(turned, width, height)) <= slack:
            hint, meant = "; with longitude and latitude exchanged they would be square: are they exchanged?", turned
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
        said = self.gsd_m
        if said is None:
            return along_row
        could_be = (along_row, along_column) if self.is_lonlat else (along_row, along_column, on_map)
        if min(_off(said / each) for each in could_be) > max(TOLERANCE, ONE_PIXEL / min(width, height)):
            hint = "; is it in centimetres?" if _off(said / along_row / 100) <= TOLERANCE else ""
            raise BadItem(f"gsd says {said:g} m a pixel, on the ground of its bbox it is {along_row:.3g} m{hint}")
        return said if _off(said / along_row) <= TOLERANCE else along_row


def read_georeference(item: Mapping[str, Any], properties: Mapping[str, Any], asset: Mapping[str, Any]) -> Georeference:
    """Read where an item says that the picture of one asset lies. Raises BadItem."""
    check_degrees(item.get("crs"))
    said_system = is_lonlat_said(properties, asset)
    said = {**properties, **asset}
    of_projection = [key for key in ("proj:transform", "proj:bbox", "proj:geometry") if said.get(key) is not None]
    if said_system is None and of_projection:
        raise BadItem(f"it says {of_projection[0]}, and not in which system: add proj:code")
    is_lonlat = said_system is True
    limit = 90.0 if is_lonlat else MAX_LATITUDE + 1e-6
    shape = _shape(said.get("proj:shape"))
    transform = None if said.get("proj:transform") is None else read_transform(said["proj:transform"], shape)

    # The most exact one first: the others must agree with it.
    boxes: list[tuple[str, Bounds]] = []
    if transform is not None and shape is not None:
        spanned = transform.box(shape.columns, shape.rows)
        boxes.append(("proj:transform", in_degrees("proj:transform", spanned, is_lonlat=is_lonlat)))
    if said.get("proj:bbox") is not None:
        box = box_of("proj:bbox", said["proj:bbox"])
        boxes.append(("proj:bbox", in_degrees("proj:bbox", box, is_lonlat=is_lonlat)))
    if item.get("bbox") is not None or (item.get("geometry") is None and not boxes):
        boxes.append(("bbox", read_bbox(item.get("bbox"), limit=limit)))
    if item.get("geometry") is not None:
        boxes.append(("geometry", bounds_of_geometry("geometry", item["geometry"], limit=limit)))
    if said.get("proj:geometry") is not None:
        box = bounds_of_geometry("proj:geometry", said["proj:geometry"], limit=math.inf)
        boxes.append(("proj:geometry", in_degrees("proj:geometry", box, is_lonlat=is_lonlat)))
    for other in boxes[1:]:
        check_agreement(boxes[0], other)
    _check_centroid(said.get("proj:centroid"), boxes[0][1])
    return Georeference(
        bounds=boxes[0][1],
        is_lonlat=is_lonlat,
        is_system_said=said_system is not None,
        shape=shape,
        transform=transform,
        gsd_m=_gsd(said),
    )


def _shape(value: object) -> Shape | None:
    if value is None:
        return None
    rows, columns = numbers("proj:shape", value, {2})
    if min(rows, columns) < 1:
        raise BadItem(f"proj:shape must be rows and columns, 1 or more, not {value!r:.60}")
    return Shape(int(rows), int(columns))


def _check_shape(said: Shape, seen: Shape) -> None:
    if all(_off(one / other) <= TOLERANCE for one, other in zip(said, seen, strict=True)):
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


def _gsd(said: Mapping[str, Any]) -> float | None:
    if said.get("gsd") is None:
        return None
    value = number("gsd", said["gsd"])
    if value <= 0:
        raise BadItem(f"gsd must be metres a pixel, more than 0, not {value:g}")
    return value


def _worlds(bounds: Bounds) -> tuple[float, float]:
    """Return width and height of a box on the map, in worlds of Web Mercator."""
    left, top = grid_position(bounds.west, bounds.north, _IN_WORLDS)
    right, bottom = grid_position(bounds.east, bounds.south, _IN_WORLDS)
    return right - left, bottom - top


def _degree_aspect(bounds: Bounds, width: int, height: int) -> float:
    return (bounds.east - bounds.west) / width / ((bounds.north - bounds.south) / height)


def _off(ratio: float) -> float:
    """Return by how much a ratio is off 1, whichever way round."""
    return max(ratio, 1 / ratio) - 1


def _times(aspect: float) -> str:
    ratio = max(aspect, 1 / aspect)
    return f"{ratio:.3g} times as {'wide as high' if aspect > 1 else 'high as wide'}"
