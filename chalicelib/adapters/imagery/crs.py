"""In which reference system a picture's rows and columns run: what an item says of it, never a guess.

Source: STAC projection extension 1.x (`proj:epsg`) and 2.x (`proj:code`), `proj:wkt2`, `proj:projjson`; `eo:epsg`
before them; GeoJSON of 2008 (`crs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.systems import LON_LAT, MERCATOR, System, system_of

CODES = ("proj:code", "proj:epsg", "eo:epsg", "proj:wkt2", "proj:projjson")
KNOWN = frozenset({*CODES, "proj:geometry", "proj:bbox", "proj:centroid", "proj:shape", "proj:transform"})
REMEDY = (
    "gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif, then gdal_translate -of PNG OUT.tif OUT.png; "
    "the new bbox is the wgs84Extent of gdalinfo -json OUT.tif"
)
# EPSG 900913 and 102100 are the same as 3857 under the names that it had before.
_MERCATOR = {"EPSG:3857", "EPSG:900913", "EPSG:102100", "ESRI:102100"}
_LON_LAT = {"EPSG:4326", "EPSG:4979", "OGC:CRS84", "OGC:CRS84H"}
_MERCATOR_NAMES = {"wgs 84 / pseudo-mercator", "wgs 84 / pseudo mercator", "wgs_1984_web_mercator_auxiliary_sphere"}
_LON_LAT_NAMES = {"wgs 84", "wgs 84 (crs84)", "gcs_wgs_1984"}
_UTM_NAMES = ("wgs 84 / utm zone {zone}{side}", "wgs_1984_utm_zone_{zone}{side}")
_CODE = re.compile(
    r"\[?(?:urn:(?:x-)?ogc:def:crs:(?P<urn>\w+):[\w.]*:|https?://www\.opengis\.net/def/crs/(?P<url>\w+)/[\w.]+/"
    r"|(?P<plain>\w+):)(?P<code>\w+)\]?",
    re.IGNORECASE,
)
_WKT_NAME = re.compile(r'\s*+(\w++)\s*+[\[(]\s*+"([^"]*+)"')
# The one of the root itself stands last, directly before the root's own end.
_WKT_CODE = re.compile(r'(?:ID|AUTHORITY)\s*+[\[(]\s*+"(\w++)"\s*+,\s*+"?(\w++)"?[^\[\]()]*+[\])]\s*+[\])]\s*+$')


def system_said(item: Mapping[str, Any], asset: Mapping[str, Any], *, of_geotiff: bool) -> System | None:
    """Return the system that is said; None if nothing at all is said. UTM is understood of a GeoTIFF alone.

    What an asset says of itself goes before what its item says. Raises BadItem for all that is not understood.
    """
    level = asset if any(key in asset for key in CODES) else item
    said = {key: value for level_ in (item, asset) for key, value in level_.items() if key.startswith("proj:")}
    unknown = [key for key, value in said.items() if key not in KNOWN and value is not None]
    if unknown:
        raise BadItem(f"it says {unknown[0]}, which is not understood: {said[unknown[0]]!r:.60}", remedy=REMEDY)
    systems = dict(_systems(level, of_geotiff=of_geotiff))
    if len(set(systems.values())) > 1:
        raise BadItem(f"it names two systems: {', '.join(f'{key} {_words(level[key])}' for key in systems)}")
    if systems:
        return next(iter(systems.values()))
    empty = [key for key in CODES if key in level]
    if empty:  # by the extension: it has no system, or one without a code
        raise BadItem(f"{empty[0]} is null, so it lies in no system that has a code, and names no other", remedy=REMEDY)
    return None


def check_degrees(crs: object) -> None:
    """Check the member `crs` of GeoJSON of 2008, which says what bbox and geometry are in. Raises BadItem."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or _by_code(name) != LON_LAT:
        raise BadItem(f"its crs says that bbox and geometry are in {name or crs!r:.60}: those of STAC are in degrees")


def _systems(level: Mapping[str, Any], *, of_geotiff: bool) -> Iterator[tuple[str, System]]:
    for key in CODES:
        value = level.get(key)
        if value is None:
            continue
        if key == "proj:wkt2":
            found = _by_wkt(value)
        elif key == "proj:projjson":
            found = _by_projjson(value)
        else:
            found = _by_code(_code(key, value))
        if found is None or (found.zone and not of_geotiff):
            raise BadItem(f"{key} must be EPSG:3857 or EPSG:4326, not {_words(value)}{_why(value)}", remedy=REMEDY)
        yield key, found


def _code(key: str, value: object) -> object:
    """Return a code with its authority, where `…:epsg` says the number alone: 3857, 3857.0 or "3857"."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_number = type(value) is int or (isinstance(value, str) and value.strip().isdecimal() and key != "proj:code")
    return f"EPSG:{str(value).strip()}" if is_number else value


def _by_code(value: object) -> System | None:
    match = _CODE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    code = f"{match['urn'] or match['url'] or match['plain']}:{match['code']}".upper()
    if code in _LON_LAT or code in _MERCATOR:
        return LON_LAT if code in _LON_LAT else MERCATOR
    return system_of(int(code[5:])) if re.fullmatch(r"EPSG:32[67]\d\d", code) else None


def _by_wkt(value: object) -> System | None:
    """Read a WKT that names itself and ends with its code; both must be the same system's."""
    if not isinstance(value, str):
        return None
    name, code = _WKT_NAME.match(value), _WKT_CODE.search(value)
    return _named(name[2], f"{code[1]}:{code[2]}") if name and code else None


def _by_projjson(value: object) -> System | None:
    code = value.get("id") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(code, dict):
        return None
    return _named(str(value.get("name")), f"{code.get('authority')}:{code.get('code')}")


def _named(name: str, code: str) -> System | None:
    found = _by_code(code)
    if found is None:
        return None
    names = _LON_LAT_NAMES if found.is_lonlat else _MERCATOR_NAMES
    if found.zone:
        names = {each.format(zone=found.zone, side="n" if found.is_north else "s") for each in _UTM_NAMES}
    return found if name.lower() in names else None


def _words(value: object) -> str:
    """Return what was said, short enough for a sentence: of a WKT or PROJJSON its name."""
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    match = _WKT_NAME.match(value) if isinstance(value, str) else None
    return f"{match[2] if match else value!r:.80}"


def _why(value: object) -> str:
    words = str(value)
    is_utm = "UTM" in words.upper() or re.search(r"\b32[67]\d\d\b", words)
    return " (UTM lies askew to north; it is read of GeoTIFFs)" if is_utm else ""
