"""Statements and seconds a tile of the trip, with a provider and a detector that cost nothing.

Run as `python -m tests.bench.trip_speed [--tiles 200] [--engine sqlite|mysql]`. It captures an area, then captures it
again with a newer scene and compares, and counts the statements that reach the database.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import event

from chalicelib.adapters.database.engine import make_engine
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.trip import Trip

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")


def run(engine, tiles: int) -> tuple[float, float, float]:
    """Run two sessions; give the statements a captured and compared tile, and the tiles a second of each session."""
    counted = []
    event.listen(engine, "before_cursor_execute", lambda *call: counted.append(call[2]))
    trip = Trip(engine)
    area = trip.add_area(tiles=tiles)
    seconds = []
    for number, scene in enumerate(("march", "april")):
        trip.show(scene, days=number)
        trip.capture_now(area)
        counted.clear()
        began = time.perf_counter()
        trip.work()
        seconds.append(time.perf_counter() - began)
    statements = [text for text in counted if not text.startswith(BRACKETS)]
    return len(statements) / tiles, tiles / seconds[0], tiles / seconds[1]


def main() -> None:
    """Run three rounds and print their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=200)
    parser.add_argument("--engine", choices=("sqlite", "mysql"), default="sqlite")
    options = parser.parse_args()
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(3):
            place = Path(folder) / str(number)
            place.mkdir()
            source = SqliteDatabases(place, migrate) if options.engine == "sqlite" else MySqlDatabases(migrate, None)
            engine = make_engine(source.migrated(place))
            rounds.append(run(engine, options.tiles))
            engine.dispose()
            source.close()
    statements, captured, compared = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{options.engine}: {statements:.1f} statements a captured and compared tile")
    print(f"{options.engine}: {captured:.1f} tiles/s captured, {compared:.1f} tiles/s captured and compared")


if __name__ == "__main__":
    main()
