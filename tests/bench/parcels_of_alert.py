"""What it takes to find the parcels of an alert among 65,000 adjoining plots of 45 m.

Run as `python -m tests.bench.parcels_of_alert [--engine sqlite|mysql] [--side 255] [--looks 300]`. A change of 40
corners, some 30 m wide, lies anywhere on the plots; printed are the statements, and the milliseconds of the processor
and of the clock that one takes, as medians: with the layer right, and with it off by 12 m. Where other work runs, the
fastest tenth says what it takes uninterrupted.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import event, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.named_parcels import layers_of_owner, touched_by
from tests.support.builders.parcels import EAST, LAT, LON, NORTH, add_layer, adjoining
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.trip import Trip

CORNERS, REACH_M = 40, 15


def a_blob(chance: random.Random, land_m: float) -> list[list[tuple[float, float]]]:
    """Give the outline of a change anywhere on the land."""
    east, north = chance.uniform(50, land_m - 50), chance.uniform(50, land_m - 50)
    corners = []
    for place in range(CORNERS):
        turn, reach = 2 * math.pi * place / CORNERS, REACH_M * chance.uniform(0.7, 1)
        corners.append((LON + (east + reach * math.cos(turn)) * EAST, LAT + (north + reach * math.sin(turn)) * NORTH))
    return [[*corners, corners[0]]]


def main() -> None:
    """Print what it takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="sqlite", choices=["sqlite", "mysql"])
    parser.add_argument("--side", type=int, default=255)
    parser.add_argument("--looks", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = SqliteDatabases(Path(folder), migrate) if asked.engine == "sqlite" else MySqlDatabases(migrate, None)
        engine = make_engine(source.migrated(Path(folder)))
        trip = Trip(engine)
        area = trip.add_area(tiles=1)
        add_layer(engine, trip.user.user_id, adjoining(asked.side, asked.side))
        said: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *call: said.append(call[2]))
        for accuracy_m in (None, 12.0):
            with engine.begin() as connection:
                connection.execute(update(t.layer_versions).values(accuracy_m=accuracy_m))
            chance, clock, used, named = random.Random(7), [], [], []
            with engine.connect() as connection:
                for _ in range(asked.looks):
                    blob = a_blob(chance, asked.side * 45.0)
                    said.clear()
                    began, cpu = time.perf_counter(), time.process_time()
                    layers = layers_of_owner(connection, area.area_id)
                    found = touched_by(connection, layers, [blob], day=date(2026, 3, 1))
                    clock.append(1000 * (time.perf_counter() - began))
                    used.append(1000 * (time.process_time() - cpu))
                    named.append(found.total)
            print(
                f"{asked.engine}, {asked.side**2:,} plots, off by {accuracy_m or 0:g} m: {len(said)} statements, "
                f"{statistics.median(clock):.2f} ms, the fastest tenth within "
                f"{statistics.quantiles(clock, n=10)[0]:.2f} (processor {statistics.median(used):.2f} ms), "
                f"{statistics.mean(named):.1f} parcels named, {max(named)} at most"
            )
        engine.dispose()
        source.close()


if __name__ == "__main__":
    main()
