"""Files of parcels, good and hostile: each made here, none taken from anywhere."""

import io
import json
import sqlite3
import struct
import zipfile

from tests.support.builders.layers import SOUTH, STEP, WEST

ODIA = "ଖଣ୍ଡଗିରି"


def square(number, *, columns=1000, step=STEP, west=WEST, south=SOUTH):
    x, y = (number - 1) % columns, (number - 1) // columns
    left, low = round(west + x * step, 9), round(south + y * step, 9)
    right, high = round(west + (x + 1) * step, 9), round(south + (y + 1) * step, 9)
    return [[left, low], [right, low], [right, high], [left, high], [left, low]]


def feature(number, ring=None, **properties):
    said = {"plot": f"{number}/1", "village": ODIA} | properties
    return {
        "type": "Feature",
        "properties": said,
        "geometry": {"type": "Polygon", "coordinates": [ring or square(number)]},
    }


def geojson(features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}, ensure_ascii=False).encode()


def field(count):
    """Give so many plots of 45 m that adjoin, as GeoJSON."""
    return geojson(feature(number) for number in range(1, count + 1))


def kml(numbers, *, inside="", head='<?xml version="1.0" encoding="UTF-8"?>'):
    marks = "".join(
        f"<Placemark><name>{number}/1</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x},{y},12" for x, y in square(number))
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for number in numbers
    )
    return (
        f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Plots</name>{inside}{marks}</Document></kml>'
    ).encode()


def zipped(members, **options):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def shapefile(rows, *, prj=None, cpg=None, name="plots"):
    """Give the parts of a shapefile; `rows` are (ring, plot as bytes)."""
    shapes, index, offset = b"", b"", 50
    for number, (ring, _) in enumerate(rows, 1):
        xs, ys = zip(*ring, strict=True)
        body = struct.pack("<i4d2i1i", 5, min(xs), min(ys), max(xs), max(ys), 1, len(ring), 0)
        body += b"".join(struct.pack("<2d", *corner) for corner in ring[::-1])  # clockwise
        shapes += struct.pack(">2i", number, len(body) // 2) + body
        index += struct.pack(">2i", offset, len(body) // 2)
        offset += 4 + len(body) // 2
    xs, ys = zip(*(corner for ring, _ in rows for corner in ring), strict=True)

    def head(body):
        size = (100 + len(body)) // 2
        box = struct.pack("<8d", min(xs), min(ys), max(xs), max(ys), 0, 0, 0, 0)
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size) + struct.pack("<2i", 1000, 5) + box

    width = 40
    table = struct.pack("<4BIHH20x", 3, 125, 1, 1, len(rows), 32 + 32 + 1, width + 1)
    table += b"PLOT".ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14) + b"\r"
    table += b"".join(b" " + plot.ljust(width) for _, plot in rows) + b"\x1a"
    parts = {f"{name}.shp": head(shapes) + shapes, f"{name}.shx": head(index) + index, f"{name}.dbf": table}
    parts |= {} if prj is None else {f"{name}.prj": prj}
    return parts | ({} if cpg is None else {f"{name}.cpg": cpg})


def geopackage(folder, count):
    """Give a GeoPackage, by pyogrio."""
    import pyogrio
    import shapely

    path = folder / "made.gpkg"
    land = shapely.to_wkb([shapely.Polygon(square(number)) for number in range(1, count + 1)])
    import numpy as np

    fields = [np.array([f"{number}/1" for number in range(1, count + 1)], dtype=object)]
    fields.append(np.arange(1, count + 1, dtype=np.int64))
    pyogrio.raw.write(
        path, land, fields, ["plot", "khata"], layer="plots", driver="GPKG", geometry_type="Polygon", crs="EPSG:4326"
    )
    return path.read_bytes()


def sqlite_that_is_no_geopackage():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a)")
    return connection.serialize()


def bomb(size=600 * 2**20):
    """Give a zip file of a few hundred kilobytes that unpacks to that many bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("doc.kml", "w") as member:
        block = bytes(2**20)
        for _ in range(size // len(block)):
            member.write(block)
    return made.getvalue()


def many_vertices(count=1_000_000):
    ring = [[WEST + 0.01 * (i % 1000) / 1000, SOUTH + 0.01 * (i // 1000) / 1000] for i in range(count)]
    return geojson([feature(1, ring=[*ring, ring[0]])])
