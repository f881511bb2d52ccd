"""In which system a file is shown, and whether it lies there: known before anything is written."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.boxes import Affine
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.placing import fine
from chalicelib.adapters.imagery.systems import System, system_of
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import MAX_LATITUDE
from infra.archive.source import PALETTE_REMEDY, is_gdals, name_of
from infra.errors import OperatorError

_SOUTH, _NORTH = -80, 84  # where UTM ends
_CUT = (
    "cut it there into two, gdalwarp -t_srs EPSG:4326 -dstalpha -te WEST SOUTH 180 NORTH IN WEST.tif, and "
    "-te -180 SOUTH EAST NORTH IN EAST.tif"
)


def target_of(dataset: Any, system: Any) -> tuple[Any, bool]:  # noqa: ANN401 (rasterio has no types)
    """Return the system that it is shown in, and whether it is warped. Raises OperatorError."""
    from rasterio.crs import CRS

    code, is_straight = system.to_epsg(), dataset.transform.a > 0 > dataset.transform.e
    known = None if code is None else system_of(code)
    if known is not None:
        _check_lies_there(dataset, known)
    if known is not None and is_straight:
        return CRS.from_epsg(code), False
    if dataset.colorinterp[0].name == "palette":
        raise OperatorError(f"it has to be warped, and its colours are a palette: {PALETTE_REMEDY} first")
    if known is not None:
        return CRS.from_epsg(code), True
    west, south, east, north = _degrees(dataset, system)
    is_wide = east - west > 6 or south < _SOUTH or north > _NORTH
    zone = min(60, int(((west + east) / 2 + 180) / 6) + 1)
    return CRS.from_epsg(3857 if is_wide else (32_600 if south + north >= 0 else 32_700) + zone), True


def is_named_by_code(system: Any) -> bool:  # noqa: ANN401
    """Tell whether a system says its code of EPSG itself: GDAL writes any other in words, which nobody reads."""
    said = re.search(r'(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\]$', system.to_wkt())
    return said is not None and int(said[1]) == system.to_epsg()


def is_on_wgs84(system: Any) -> bool:  # noqa: ANN401
    """Tell whether a system stands on WGS 84: another datum is shifted, as well as can be without its grids."""
    text = system.to_wkt().upper()
    return "WGS_1984" in text or "WGS 84" in text or "WORLD GEODETIC SYSTEM 1984" in text


def straight_box(dataset: Any) -> tuple[float, float, float, float]:  # noqa: ANN401
    """Return west, south, east, north in its own system, also of one that is mirrored."""
    left, bottom, right, top = dataset.bounds
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _check_lies_there(dataset: Any, system: System) -> None:  # noqa: ANN401
    """Check that it lies somewhere in a system that is read, as the archive would. Raises OperatorError."""
    west, south, east, north = straight_box(dataset)
    width, height = dataset.width, dataset.height
    at = Affine(west, north, (east - west) / width, (north - south) / height)
    try:
        fine(Placed(system=system, transform=at, width=width, height=height))
    except BadItem as bad:
        raise OperatorError(str(bad)) from None
    except BadImage as bad:
        says = bad.reason.partition(": cut")[0]
        raise OperatorError(f"{says}: {_CUT}" if "180th meridian" in says else says) from None


def _degrees(dataset: Any, system: Any) -> tuple[float, float, float, float]:  # noqa: ANN401
    """Return the box around it in degrees. Raises OperatorError."""
    from rasterio.warp import transform_bounds

    box = straight_box(dataset)
    try:
        west, south, east, north = transform_bounds(system, "EPSG:4326", *box)
    except Exception as error:
        if not is_gdals(error):
            raise
        raise OperatorError(
            f"it lies in {name_of(system)}, a system nobody can turn into degrees: say the right one, "
            "gdal_edit.py -a_srs EPSG:… IN.tif, or warp it by what it was made from"
        ) from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90) or west == east:
        raise OperatorError(f"it spans {[round(each, 4) for each in box]}, which is nowhere in that system")
    if west > east:
        raise OperatorError(f"it reaches over the 180th meridian: {_CUT}")
    if not -MAX_LATITUDE <= south < north <= MAX_LATITUDE:
        raise OperatorError(f"it reaches beyond {MAX_LATITUDE:.0f} degrees of latitude, where nothing is shown")
    return west, south, east, north
