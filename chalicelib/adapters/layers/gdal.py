"""GDAL, held to what is needed of it: few drivers, no network, and files that were written here."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from chalicelib.adapters.layers.columns import check_columns, check_columns_of_text
from chalicelib.adapters.layers.growing import check_database, check_drawing
from chalicelib.adapters.layers.sources import Source
from chalicelib.domain.errors import Invalid

DRIVERS = ("DXF", "ESRI Shapefile", "GPKG", "GeoJSON", "LIBKML", "MapInfo File")
_NAMES = {"KML": "LIBKML"}  # ours: GDAL's
_OF_KML = {  # columns that say how a mark is drawn
    *("id", "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon"),
}
# While GDAL is loaded: it registers no driver that is named here, whatever a file says that it is.
_SKIPPED = {
    "GDAL_SKIP": (
        "ADBC,AIVector,AVCBin,AVCE00,AmigoCloud,CSV,CSW,Carto,DGN,EDIGEO,EEDA,ESRIJSON,Elasticsearch,FlatGeobuf,GDALG,"
        "GML,GPSBabel,GPX,GTFS,GeoJSONSeq,GeoRSS,HTTP,Idrisi,JML,JSONFG,KML,LVBAG,MBTiles,MEM,MVT,MapML,MiraMonVector,"
        "NGW,OAPIF,ODS,OGCAPI,OGR_GMT,OGR_PDS,OGR_VRT,OSM,OpenFileGDB,PCIDSK,PDF,PDS4,PGDUMP,PLSCENES,PMTiles,S57,"
        "SQLite,SXF,Selafin,TopoJSON,VDV,VFK,VICAR,WAsP,WFS,XLSX"
    ),
}
_OPTIONS = {
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".nothing",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "PROJ_NETWORK": "OFF",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "4",  # MB of one feature
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "LIBKML_RESOLVE_STYLE": "NO",
    "DXF_CLOSED_LINE_AS_POLYGON": "YES",
    "DXF_MERGE_BLOCK_GEOMETRIES": "FALSE",  # plots of a block are plots each
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": "32",
}
is_first = "pyogrio" not in sys.modules
if is_first:
    os.environ.update(_SKIPPED)  # noqa: TID251 (GDAL reads it there, once)

import numpy as np  # noqa: E402
import pyogrio  # noqa: E402
from pyogrio.errors import DataLayerError, DataSourceError  # noqa: E402

pyogrio.list_drivers()  # now they are registered
pyogrio.set_gdal_config_options(_OPTIONS)
if is_first:
    for name in _SKIPPED:
        del os.environ[name]  # noqa: TID251 (another library's GDAL in this process reads it too)

MOST_COUNTED = 50  # layers of a file, of which the largest is read
_EXACT = 2**53  # below, a float holds every whole number
_PATH = re.compile(r"'?/\S*/land(\.\w+)'?")
_OWN_SOURCE = re.compile(r"/\S+\.cpp, \d+: ")  # of GDAL


class Rows(NamedTuple):
    """The rows of one layer of a file."""

    layers: list[str]  # of the file
    layer: str
    columns: list[str]
    crs: str  # as GDAL has it: an authority's code, or WKT; empty where the file says nothing
    geometries: Any  # an array of WKB
    fields: list[tuple[Any, bool]]  # arrays of values, a column each, and whether its values are whole numbers


def read_rows(source: Source, file_layer: str, most_rows: int) -> Rows:
    """Read the rows of a file's layer: that one, or its largest. Raises Invalid."""
    check_columns_of_text(source.driver, next(iter(source.parts.values())))
    if source.driver == "DXF":
        check_drawing(source.parts[".dxf"], most_rows)
    with TemporaryDirectory(prefix="layer-") as folder:
        try:
            path = _written(source, Path(folder))
            if source.driver == "GPKG":
                check_database(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what is wrong is told as an error, or seen in the preview
                return _read(path, source, file_layer, most_rows)
        except UnicodeError:
            raise  # of its encoding
        except (DataSourceError, DataLayerError, OSError, ValueError, RuntimeError) as error:
            raise Invalid(f"this {source.driver} file cannot be read: {_said(error)}") from error


def _read(path: Path, source: Source, file_layer: str, most_rows: int) -> Rows:
    layers = _layers(path)
    layer = _chosen(path, layers, file_layer)
    options = {"encoding": source.encoding} if source.driver in ("ESRI Shapefile", "MapInfo File") else {}
    info = pyogrio.read_info(path, layer=layer, force_feature_count=True, **options)
    if info["driver"] != _NAMES.get(source.driver, source.driver):
        raise Invalid(f"this file is read as {info['driver']}, and it looks like {source.driver}: it is damaged")
    if info["features"] > most_rows:
        raise Invalid(f"this file has {info['features']} rows; at most {most_rows} make one layer: cut it")
    check_columns(len(info["fields"]))
    meta, _, geometries, values = pyogrio.raw.read(path, layer=layer, force_2d=True, datetime_as_string=True, **options)
    if geometries is None:
        raise Invalid(f"the layer {layer!r} of this file has no geometries")
    whole = [str(kind) in ("OFTInteger", "OFTInteger64") for kind in meta["ogr_types"]]
    for at in np.flatnonzero(whole):
        if values[at].dtype.kind == "f" and (np.abs(values[at]) >= _EXACT).any():  # one without a value made it so
            values[at] = _exact(path, layer, str(meta["fields"][at]))
    columns = {str(name): (each, is_whole) for name, each, is_whole in zip(meta["fields"], values, whole, strict=True)}
    if source.driver == "KML":
        columns = {name: column for name, column in columns.items() if name not in _OF_KML}
    return Rows(layers, layer, list(columns), meta["crs"] or "", geometries, list(columns.values()))


def _exact(path: Path, layer: str, column: str) -> Any:  # noqa: ANN401 (an array)
    """Read a column of whole numbers as texts: digits that no float holds."""
    sql = f"SELECT CAST({_quoted(column)} AS CHARACTER(20)) FROM {_quoted(layer)}"  # noqa: S608 (names, quoted)
    return pyogrio.raw.read(path, sql=sql, sql_dialect="OGRSQL", read_geometry=False)[3][0]


def _quoted(name: str) -> str:
    said = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{said}"'


def texts_of(rows: Rows) -> Iterator[dict[str, str]]:
    """Yield the fields of each row as texts, as people wrote them: of a whole number its digits alone."""
    columns = [[_text(value, is_whole) for value in values] for values, is_whole in rows.fields]
    for number in range(len(rows.geometries)):
        yield {name: column[number] for name, column in zip(rows.columns, columns, strict=True)}


def _text(value: Any, is_whole: bool) -> str:  # noqa: ANN401, FBT001 (of numpy; of its column)
    if isinstance(value, np.ndarray):  # of a column that holds lists
        return ", ".join(_text(each, is_whole) for each in value)
    if value is None or value != value:  # noqa: PLR0124 (what is no number is not equal to itself)
        return ""
    if is_whole:
        return str(int(value))
    if isinstance(value, bytes):
        return ""
    if isinstance(value, str) or not (isinstance(value, float) or hasattr(value, "dtype")):
        return str(value).strip()
    number = float(value)
    return str(int(number)) if abs(number) < _EXACT and number.is_integer() else repr(number)


def _written(source: Source, folder: Path) -> Path:
    """Write the parts of a file under names of ours: GDAL never sees one that somebody gave."""
    for ending, content in source.parts.items():
        (folder / f"land{ending}").write_bytes(content)
    return folder / f"land{next(iter(source.parts))}"


def _layers(path: Path) -> list[str]:
    return [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]


def _chosen(path: Path, layers: list[str], wanted: str) -> str:
    if not layers:
        raise Invalid("this file has no layer with geometries")
    if wanted:
        if wanted not in layers:
            raise Invalid(
                f"this file has no layer {wanted[:80]!r}; it has {', '.join(layers[:20])}", pointer="/fileLayer"
            )
        return wanted
    if len(layers) == 1:
        return layers[0]
    first = layers[:MOST_COUNTED]
    counts = " UNION ALL ".join(f"SELECT COUNT(*) FROM {_quoted(name)}" for name in first)  # noqa: S608 (names, quoted)
    rows = pyogrio.raw.read(path, sql=counts, sql_dialect="OGRSQL", read_geometry=False)[3][0]  # in one opening
    return first[int(np.argmax(rows))]


def _said(error: Exception) -> str:
    """Return what GDAL says, without our folders."""
    said = str(error)
    if "OGR_GEOJSON_MAX_OBJ_SIZE" in said:
        return "one of its rows has more corners than a parcel may have: simplify it"
    if "not recognized" in said:
        return "it is damaged"
    return _PATH.sub(r"it", _OWN_SOURCE.sub("", said)).splitlines()[0][:300] if said else type(error).__name__
