"""Where a GeoTIFF lies by its own tags. Nothing is guessed: what is not understood is refused with its words.

Source: OGC 19-008r4 (GeoTIFF 1.1). ModelTransformation, or else ModelPixelScale with one ModelTiepoint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chalicelib.adapters.imagery.boxes import Affine
from chalicelib.adapters.imagery.systems import LON_LAT, System, system_of
from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import tiff
from chalicelib.domain.image_formats.tiff import Directory
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds, centre_of

_MODEL, _RASTER, _GEOGRAPHIC, _PROJECTED, _PROJECTION = 1024, 1025, 2048, 3072, 3074
_TEXTS = (1026, 3073, 2049)  # citations: the system's name
_USER_DEFINED = 32_767
_WGS_84 = 4326
_POINT = 2  # positions are of the middles of pixels
_MERCATORS = {3785: 3857, 900_913: 3857, 102_100: 3857, 102_113: 3857}  # its names before it had its code
_ALMOST = 1e-9  # of a pixel's size: rotation that is rounding, over a million pixels
_IDENTITY = [float(at % 5 == 0) for at in range(16)]
TO_KNOWN = "gdalwarp -t_srs EPSG:3857 -dstalpha IN.tif OUT.tif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A picture on its ground: its system, and where its pixels lie in it."""

    system: System
    transform: Affine
    width: int
    height: int

    @property
    def box(self) -> Bounds:
        """What it spans, in the system's units."""
        return self.transform.box(self.width, self.height)

    @property
    def gsd_m(self) -> float:
        """Metres a pixel on the ground, along its rows."""
        latitude = centre_of(self.bounds)[1]
        if self.system.zone:
            return self.transform.pixel_width
        unit_m = M_PER_DEGREE if self.system.is_lonlat else 1.0
        return self.transform.pixel_width * unit_m * math.cos(math.radians(latitude))

    @property
    def bounds(self) -> Bounds:
        """The box around it in degrees. Raises BadImage if that is nowhere."""
        return self.system.bounds(self.box)


def placed_by_tags(tags: Directory, width: int, height: int) -> Placed | None:
    """Return where the tags say that a picture lies; None if they say nothing of it. Raises BadImage."""
    keys = _keys(tags)
    transform = _transform(tags)
    if transform is None and not keys:
        return None
    if transform is None:
        raise BadImage("a GeoTIFF whose tags name a system, and not where the picture lies in it")
    if not keys:
        raise BadImage(
            "a GeoTIFF that says where it lies, and not in which system: say it with gdal_edit.py -a_srs EPSG:…"
        )
    system = _system(keys, tags)
    if keys.get(_RASTER) == _POINT:
        transform = transform._replace(
            left=transform.left - transform.pixel_width / 2, top=transform.top + transform.pixel_height / 2
        )
    placed = Placed(system=system, transform=transform, width=width, height=height)
    try:
        _ = placed.bounds
    except BadImage as bad:
        raise BadImage(f"a GeoTIFF whose tags are wrong: {bad.reason}") from None
    return placed


def _keys(tags: Directory) -> dict[int, int]:
    """Return the keys that are numbers of their own; those of texts and doubles with their places."""
    said = tags.get(tiff.GEO_KEYS, tiff.NOTHING)
    if not len(said):
        return {}
    if len(said) < 4 or said[0] != 1 or len(said) < 4 + 4 * int(said[3]):
        raise BadImage("a GeoTIFF whose keys are damaged")
    found = {}
    for at in range(4, 4 + 4 * int(said[3]), 4):
        key, place, _, value = (int(each) for each in said[at : at + 4])
        if place == 0:
            found[key] = value
    return found


def _system(keys: dict[int, int], tags: Directory) -> System:
    model, code = keys.get(_MODEL), 0
    geographic = keys.get(_GEOGRAPHIC, _USER_DEFINED)
    if model == 2:
        code = geographic
    elif model == 1:
        code = keys.get(_PROJECTED, _USER_DEFINED)
        projection = keys.get(_PROJECTION, 0)
        if code == _USER_DEFINED and geographic == _WGS_84 and projection // 100 in (160, 161):
            code = projection - 16_000 + 32_600  # the projection of a zone of UTM, on WGS 84
    system = system_of(_MERCATORS.get(code, code))
    if system is None or (model == 2) != (system == LON_LAT):
        name = f"EPSG:{code}" if code not in (0, _USER_DEFINED) else "a system without a code"
        cited = tiff.text_of(tags.get(tiff.GEO_TEXTS, tiff.NOTHING)).split("|")[0].strip()
        raise BadImage(
            f"a GeoTIFF in {name}{f' ({cited:.80})' if cited else ''}, which is not read: EPSG:3857, EPSG:4326 and UTM "
            f"on WGS 84 (EPSG:326.. and 327..) are; warp it with {TO_KNOWN}"
        )
    return system


def _transform(tags: Directory) -> Affine | None:
    matrix = [float(each) for each in tags.get(tiff.TRANSFORMATION, tiff.NOTHING)]
    scale = [float(each) for each in tags.get(tiff.PIXEL_SCALE, tiff.NOTHING)]
    points = [float(each) for each in tags.get(tiff.TIEPOINTS, tiff.NOTHING)]
    if matrix:
        if len(matrix) != 16:
            raise BadImage("a GeoTIFF whose transformation is damaged: it has sixteen numbers")
        if matrix == _IDENTITY:  # as some tools write that they do not know
            return None
        a, b, _, left, c, d, _, top = matrix[:8]
    elif scale and points:
        if len(scale) < 2 or len(points) % 6:
            raise BadImage("a GeoTIFF whose pixel scale or tie points are damaged")
        a, b, c, d = scale[0], 0.0, 0.0, -scale[1]
        left, top = points[3] - points[0] * a, points[4] - points[1] * d
    elif points:
        raise BadImage(
            "a GeoTIFF that says where it lies by ground control points only, so its pixels lie askew: "
            f"warp it with {TO_KNOWN}"
        )
    else:
        return None
    if abs(b) > _ALMOST * abs(a) or abs(c) > _ALMOST * abs(d):
        raise BadImage(f"a GeoTIFF that is rotated against its system, which is not read: warp it with {TO_KNOWN}")
    if not (a > 0 and d < 0 and abs(left) < 1e9 and abs(top) < 1e9 and a < 1e7 and -d < 1e7):  # not of NaN either
        raise BadImage(f"a GeoTIFF that is mirrored, or runs from south to north: warp it with {TO_KNOWN}")
    return Affine(left=left, top=top, pixel_width=a, pixel_height=-d)
