"""GeoPackage 1.3: an SQLite database with places in one table of features, as GIS programs open it."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.place_files import NamedPlace, oriented, row_of
from chalicelib.domain.places import bounds_around
from chalicelib.domain.tiles import Outline

APPLICATION_ID, VERSION = 0x47504B47, 10300  # "GPKG"
WGS84 = 4326
_WGS84_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
    ("WGS 84", WGS84, "EPSG", WGS84, _WGS84_WKT),
)
_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE places (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, area_id INTEGER, area TEXT, state TEXT,
  first_seen DATETIME, last_seen DATETIME, area_m2 DOUBLE, severity TEXT, kind TEXT, kind_probability DOUBLE,
  longitude DOUBLE, latitude DOUBLE);
"""


def geopackage_of(places: Sequence[NamedPlace], *, now: datetime) -> bytes:
    """Write places as a GeoPackage, in memory."""
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; {_TABLES}")
        database.executemany(
            "INSERT INTO gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id, definition) "
            "VALUES (?, ?, ?, ?, ?)",
            _SYSTEMS,
        )
        outlines = [outline for named in places for outline in named.place.outlines]
        extent = tuple(bounds_around(outlines)) if outlines else (None,) * 4
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, min_x, min_y, max_x, max_y, "
            "srs_id) VALUES ('places', 'features', 'places', ?, ?, ?, ?, ?, ?)",
            (_time(now), *extent, WGS84),
        )
        column = ("places", "geom", "MULTIPOLYGON", WGS84, 0, 0)
        database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, ?, ?)", column)
        for named in places:
            row = row_of(named) | {"geom": geometry_of(named.place.outlines)}
            values = [_time(value) if isinstance(value, datetime) else value for value in row.values()]
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            database.execute(f"INSERT INTO places ({names}) VALUES ({marks})", values)  # noqa: S608 (our own names)
        database.commit()
        return database.serialize()
    finally:
        database.close()


def geometry_of(outlines: Sequence[Outline]) -> bytes | None:
    """Write outlines as a geometry of GeoPackage: its header with the envelope, then a WKB MultiPolygon."""
    if not outlines:
        return None
    west, south, east, north = bounds_around(outlines)
    header = struct.pack("<2sBBi4d", b"GP", 0, 0b11, WGS84, west, east, south, north)
    return header + struct.pack("<BII", 1, 6, len(outlines)) + b"".join(map(_polygon, oriented(outlines)))


def _polygon(rings: Sequence[Sequence[tuple[float, float]]]) -> bytes:
    written = struct.pack("<BII", 1, 3, len(rings))
    for ring in rings:
        numbers = [number for point in ring for number in point]
        written += struct.pack(f"<I{len(numbers)}d", len(ring), *numbers)
    return written


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
