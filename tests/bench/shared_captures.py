"""How often tiles are captured for neighbouring parcels on one sheet, and what is stored of them.

Run as `python -m tests.bench.shared_captures [--parcels 300] [--beside REV]`. It lays one sheet into an archive, adds
the parcels, and runs a session of each with the product's archive and gate. A capture is one fetch from the provider.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

PARCEL_M, GSD_M = 30.0, 0.5
LAT, LON = 20.35, 85.8
HERE = Path(__file__).resolve().parents[2]


def measured(parcels: int) -> dict[str, float]:
    """Run a session of each parcel; give the captures, the distinct tiles, the tile runs, what is stored, the time."""
    from sqlalchemy import select

    from chalicelib.adapters.database import tables as t
    from chalicelib.adapters.database.engine import make_engine
    from chalicelib.adapters.imagery.archive import ArchiveImagery
    from chalicelib.adapters.imagery.providers.archive import TERMS
    from chalicelib.domain.areas import NewArea
    from chalicelib.domain.extents import Extent
    from chalicelib.vision.gate import inspect
    from tests.support.builders.archives import noise, put, square
    from tests.support.builders.domain import SPRING, a_plan
    from tests.support.databases.copies import SqliteDatabases, migrate
    from tests.support.trip import Trip

    class Counted(ArchiveImagery):
        captures = 0

        def fetch(self, scene, view, area):
            self.captures += 1
            return super().fetch(scene, view, area)

    across = math.ceil(parcels**0.5)
    side_px = round(across * PARCEL_M / GSD_M)
    with tempfile.TemporaryDirectory() as folder:
        place, archive = Path(folder), Path(folder) / "archive"
        archive.mkdir()
        sheet = square(LAT, LON, width_px=side_px, height_px=side_px, gsd_m=GSD_M).bounds
        put(archive, "sheet", sheet, pixels=noise(side_px, side_px), taken=SPRING.isoformat())
        trip = Trip(make_engine(SqliteDatabases(place, migrate).migrated(place)))
        trip.imagery, trip.inspect = Counted(TERMS, archive), inspect
        height, width = (sheet.north - sheet.south) / across, (sheet.east - sheet.west) / across
        half = {f"{way}_km": PARCEL_M / 2000 for way in ("north", "south", "east", "west")}
        user = trip.user
        for number in range(parcels):
            row, column = divmod(number, across)
            lat, lon = sheet.north - (row + 0.5) * height, sheet.west + (column + 0.5) * width
            extent = Extent(center_lat=lat, center_lon=lon, **half)
            plan = a_plan(provider="archive", grid=trip.imagery.grid(extent.bounds))
            new = NewArea(user_id=user.user_id, name=f"Parcel {number}", extent=extent, plan=plan)
            trip.areas.add(new, now=trip.now, most_areas=1000)
        began = time.perf_counter()
        trip.tick()
        while trip.areas.due(now=trip.now, limit=1):
            trip.tick()
        trip.work()
        seconds = time.perf_counter() - began
        run = t.session_tiles
        with trip.engine.connect() as connection:
            runs = connection.execute(select(run.c.z, run.c.x, run.c.y, run.c.verdict)).all()
        trip.engine.dispose()
        assert {row.verdict for row in runs} == {"BASELINE"}, {row.verdict for row in runs}
        return {
            "captures": trip.imagery.captures,
            "tiles": len({row[:3] for row in runs}),
            "runs": len(runs),
            "objects": len(trip.images.contents),
            "stored_mb": sum(map(len, trip.images.contents.values())) / 1e6,
            "seconds": seconds,
        }


def main() -> None:
    """Run it here, and in another revision's tree if one is named; print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=300)
    parser.add_argument("--beside", metavar="REV", help="an older revision")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(measured(options.parcels)))
        return
    with ExitStack() as stack:
        trees = {"this tree": HERE}
        if options.beside:
            from tests.same_as.releases import checked_out

            trees[options.beside] = stack.enter_context(checked_out(options.beside))
        for name, tree in trees.items():
            command = [sys.executable, __file__, "--once", "--parcels", str(options.parcels)]
            environment = os.environ | {"PYTHONPATH": str(tree)}
            done = subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            print(f"{name}: {found['captures']:.0f} captures of {found['tiles']:.0f} distinct tiles", end=", ")
            print(f"in {found['runs']:.0f} tile runs of {options.parcels} parcels;", end=" ")
            print(f"{found['objects']:.0f} objects, {found['stored_mb']:.1f} MB, in {found['seconds']:.0f} s")


if __name__ == "__main__":
    main()
