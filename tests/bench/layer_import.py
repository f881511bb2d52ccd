"""Import adjoining plots of 45 m, and look parcels up: python -m tests.bench.layer_import [--plots 65000].

Prints how long a preview and the keeping took (by the clock, and of the processor) and whether that is within what they
may take, the peak of memory, and how long it takes to find the parcels of an alert; the preview of the same plots as
KML, shapefile, GeoPackage and CSV; then how far an old Indian survey lies off where it is read as WGS 84.
"""

import argparse
import math
import random
import resource
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.layer_imports import SqlLayerImports
from chalicelib.adapters.database.layers import SqlLayers
from chalicelib.adapters.database.schema.migrate import to_head
from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.adapters.layers.systems import system_said
from chalicelib.application.import_layer import import_layer
from chalicelib.domain.jobs import ImportJob
from chalicelib.domain.layer_imports import ImportOptions, NewImport
from chalicelib.domain.tiles import Bounds
from tests.support.builders import layer_files as files
from tests.support.builders.layers import SOUTH, STEP, WEST
from tests.support.fakes.images import MemoryImages

PLACES = {"Bhubaneswar": (85.8245, 20.2961), "Delhi": (77.209, 28.6139), "Kochi": (76.2673, 9.9312),
          "Guwahati": (91.7362, 26.1445)}  # fmt: skip
LOOKS = 500
PREVIEW_S, KEPT_S = 10, 300


def now():
    return datetime.now(UTC)


class Timed:
    """Prints how long what is inside took, and whether that is within what it may."""

    def __init__(self, what, *, within_s):
        self.what, self.within_s = what, within_s

    def __enter__(self):
        self.wall, self.cpu = time.monotonic(), time.process_time()

    def __exit__(self, *_error):
        wall, cpu = time.monotonic() - self.wall, time.process_time() - self.cpu
        said = f"within {self.within_s} s: {'yes' if wall <= self.within_s else 'NO'}"
        print(
            f"{self.what}: {wall:.1f} s ({said}), {cpu:.1f} s of the processor; peak {peak_mib():.0f} MiB", flush=True
        )


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plots", type=int, default=65_000)
    parser.add_argument("--database", default="", help="an SQLAlchemy URL of an empty database; else a file of SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(options.plots, options.database or f"sqlite:///{Path(folder) / 'bench.db'}")
    preview_others(options.plots)
    for place, (lon, lat) in PLACES.items():
        placed = system_said("EPSG:4146").place([lon], [lat])
        east = (placed.lons[0] - lon) * 111_320 * math.cos(math.radians(lat))
        off = math.hypot(east, (placed.lats[0] - lat) * 110_574)
        print(f"Kalianpur 1975 at {place}: {off:.0f} m off as WGS 84; converted within {placed.accuracy_m:.0f} m")


def run(plots, url):
    engine, store = make_engine(url), MemoryImages()
    to_head(engine)
    imports, layers = SqlLayerImports(engine), SqlLayers(engine)
    content = files.field(plots)
    print(f"{plots} plots of 45 m that adjoin, GeoJSON of {len(content) / 2**20:.1f} MiB; before: {peak_mib():.0f} MiB")
    store.contents["imports/1-bench"] = content
    new = NewImport(user_id=1, object_key="imports/1-bench", file_name="plots.geojson")
    import_id = imports.add(new, now=now(), most_waiting=9).import_id

    def work():
        import_layer(
            ImportJob(import_id=import_id),
            imports=imports,
            store=store,
            files=GdalLayerFiles(most_rows=plots),
            clock=now,
            lease_s=3600,
            looked_at=("sample", 17),
            most_bytes=2**30,
        )

    imports.read(import_id, user_id=1, options=ImportOptions(), now=now())
    with Timed("preview", within_s=PREVIEW_S):
        work()
    shown = imports.get(import_id, user_id=1).preview
    print(f"  {shown.parcels} parcels, {shown.error_count} errors, {shown.m2 / 1e6:.1f} km2, {shown.tiles} tiles at 17")
    imports.keep(import_id, user_id=1, name="Plots", now=now(), most_layers=100)
    with Timed("keeping", within_s=KEPT_S):
        work()
    kept = imports.get(import_id, user_id=1)
    layer = layers.get(kept.layer_id, user_id=1)
    print(f"  {kept.state.value}: version {layer.current.number} with {layer.current.extent.parcels} parcels")
    look(layers, layer.current.version_id, plots)
    engine.dispose()


def preview_others(plots):
    """Preview the same plots in files of other kinds."""
    numbers = range(1, plots + 1)
    rings = [files.square(number) for number in numbers]
    table = "plot;wkt\n" + "".join(
        f"{number}/1;POLYGON(({','.join(f'{x} {y}' for x, y in ring)}))\n" for number, ring in enumerate(rings, 1)
    )
    with tempfile.TemporaryDirectory() as folder:
        contents = {
            "a.kml": files.kml(numbers),
            "a.zip": files.zipped(files.shapefile([(ring, b"1/1") for ring in rings])),
            "a.gpkg": files.geopackage(Path(folder), plots),
            "a.csv": table.encode(),
        }
    for name, content in contents.items():
        reader = GdalLayerFiles(most_rows=plots)
        with Timed(f"preview of {name}, {len(content) / 2**20:.1f} MiB", within_s=PREVIEW_S):
            assert reader.read(content, name, ImportOptions(crs="EPSG:4326")).preview.parcels == plots


def look(layers, version_id, plots):
    """Find the parcels of changes of 30 m, anywhere in the layer."""
    chance, took, found = random.Random(1), [], 0
    rows = max(1, plots // 1000)
    cpu = time.process_time()
    for _ in range(LOOKS):
        west, south = WEST + chance.uniform(0, 999) * STEP, SOUTH + chance.uniform(0, rows) * STEP
        began = time.perf_counter()
        parcels = layers.parcels_over(version_id, Bounds(west, south, west + 0.0003, south + 0.0003))
        took.append((time.perf_counter() - began) * 1000)
        found += len(parcels)
    cpu = (time.process_time() - cpu) * 1000 / LOOKS
    took.sort()
    print(
        f"parcels of an alert, {LOOKS} looks: median {median(took):.2f} ms, 95th {took[int(LOOKS * 0.95)]:.2f} ms, "
        f"{cpu:.2f} ms of the processor, "
        f"{found / LOOKS:.1f} parcels each (SQLite {sqlite3.sqlite_version})"
    )


if __name__ == "__main__":
    main()
