"""One session over 65,000 adjoining plots: its tiles, how fast they go, and what is stored of the land.

Run as `python -m tests.bench.parcels_session [--engine sqlite|mysql] [--side 255] [--zoom 17]`. A layer of plots of
45 m is kept, an area is made of it, and it is captured, then captured again with a newer scene and compared, with a
provider and a detector that cost nothing; the last tile that is looked at changed. Beside it the same land as a layer
of four plots: what is stored of both areas is the same.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.parcels import SqlParcels
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.areas import NewArea
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import Laid
from tests.support.builders.domain import a_change, a_plan, a_region
from tests.support.builders.parcels import add_layer, adjoining, plot
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.trip import Trip

MOST_TILES = 10_000


class Watch:
    """Says how long each step took, by the clock and by the processor."""

    def __init__(self) -> None:
        self.began, self.used = time.perf_counter(), time.process_time()

    def says(self, what: str, count: int | None = None) -> None:
        """Print a step, and begin the next."""
        clock, used = time.perf_counter() - self.began, time.process_time() - self.used
        rate = "" if count is None else f", {count / clock:.0f} a second"
        print(f"{what}: {clock:.1f} s (processor {used:.1f} s){rate}")
        self.began, self.used = time.perf_counter(), time.process_time()


def area_of(trip: Trip, layer_id: int, grid: Grid, watch: Watch, name: str):
    """Make an area of a layer, as the API does."""
    ask = {"user_id": trip.user.user_id, "version_id": None, "parcel_ids": None}
    ground = SqlParcels(trip.engine).ground(layer_id, **ask)
    watch.says(f"{name}: ground of {len(ground):,} plots read")
    shape = GeosShapes().of_parcels(ground, buffer_m=None, exclude=[])
    watch.says(f"{name}: joined to {sum(len(ring) for outline in shape.watched for ring in outline):,} corners")
    laid = Laid(shape, tuple(GeosShapes().covers(shape, grid, most_tiles=MOST_TILES)))
    of_area = {"extent": Extent.around(shape.bounds), "plan": a_plan(grid=grid), "laid": laid}
    area = trip.areas.add(NewArea(user_id=trip.user.user_id, name=name, **of_area), now=trip.now, most_areas=1000)
    most_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    watch.says(f"{name}: laid on the grid and kept, {area.tiles:,} tiles; {most_mib} MiB at most until here")
    return area


def stored(trip: Trip, area_id: int) -> int:
    """Count the bytes of an area's land."""
    shape, part = t.area_shapes, t.area_tiles
    of_shape = func.length(shape.c.watched) + func.length(shape.c.geometry)
    with trip.engine.connect() as connection:
        whole = connection.execute(select(of_shape).where(shape.c.area_id == area_id)).scalar_one()
        of_tiles = select(func.sum(func.coalesce(func.length(part.c.outlines), 0) + 40)).where(
            part.c.area_id == area_id
        )
        return int(whole) + int(connection.execute(of_tiles).scalar_one())


def work(trip: Trip) -> None:
    """Work until nothing is left to do, with the minute's reconciliation where tiles are still to be planned."""
    trip.work()
    while trip.plans.unplanned(limit=1):
        trip.reconcile()
        trip.work()


def main() -> None:
    """Print what it takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="sqlite", choices=["sqlite", "mysql"])
    parser.add_argument("--side", type=int, default=255)
    parser.add_argument("--zoom", type=int, default=17)
    asked = parser.parse_args()
    grid = Grid(zoom=asked.zoom, tile_px=64, margin_px=8)
    with tempfile.TemporaryDirectory() as folder:
        source = SqliteDatabases(Path(folder), migrate) if asked.engine == "sqlite" else MySqlDatabases(migrate, None)
        engine = make_engine(source.migrated(Path(folder)))
        trip, watch = Trip(engine, tiles_per_day=1_000_000), Watch()
        plots = add_layer(engine, trip.user.user_id, adjoining(asked.side, asked.side))
        watch.says(f"{asked.engine}: a layer of {asked.side**2:,} plots kept")
        area = area_of(trip, plots, grid, watch, "plots")
        few = area_of(
            trip, add_layer(engine, trip.user.user_id, adjoining(2, 2, side_m=45 * asked.side / 2)), grid, watch, "four"
        )
        print(f"stored of the land: {stored(trip, area.area_id):,} bytes, of four plots {stored(trip, few.area_id):,}")
        for number, scene in enumerate(("march", "april")):
            trip.show(scene, days=number)
            watch.says("shown")
            trip.capture_now(area)
            watch.says(f"session {number + 1} opened", area.tiles)
            work(trip)
            watch.says(f"session {number + 1} worked", area.tiles)
        middle = plot(*(45 * asked.side / 2 + metres for metres in (-10, 5, 30, 20)))
        change = replace(a_change(900.0), regions=(replace(a_region(900.0), outline=middle),))
        trip.show("may", days=2, change=change)
        outcomes = iter([change])
        trip.compare = lambda *_images, **_ground: next(outcomes, a_change())
        session = trip.capture_now(area)
        work(trip)
        ((alert, _),) = trip.alerts_of(session)
        named = ", ".join(f"{parcel.name} {parcel.share:.2f}" for parcel in alert.parcels)
        watch.says(f"session 3, with an alert on {alert.parcels_touched} plots ({named})", area.tiles)
        engine.dispose()
        source.close()


if __name__ == "__main__":
    main()
