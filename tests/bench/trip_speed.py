"""Statements and seconds a tile of the trip, with a provider and a detector that cost nothing.

Run as `python -m tests.bench.trip_speed [--tiles 200] [--engine sqlite|mysql] [--beside 548a6ad]`. It captures an area,
then captures it again with a newer scene and compares, and counts the statements that reach the database. Beside an
older revision, both run in turns, a process a round, and the ratio is that of each turn. The processor's time is this
process's own: SQLite's work is in it, a server's is not. It is what to compare on a machine that has other work.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")
COMPARED = ("tiles/s captured", "tiles/s captured and compared", "CPU captured", "CPU captured and compared")
HERE = Path(__file__).resolve().parents[2]


def measured(engine_name: str, tiles: int) -> list[float]:
    """Run two sessions; give the statements a captured and compared tile, then each one's tiles/s, and its CPU ms."""
    from sqlalchemy import event

    from chalicelib.adapters.database.engine import make_engine

    try:
        from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
        from tests.support.trip import Trip
    except ModuleNotFoundError:  # the first release
        from tests.databases import MySqlDatabases, SqliteDatabases, migrate
        from tests.trip import Trip
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = SqliteDatabases(place, migrate) if engine_name == "sqlite" else MySqlDatabases(migrate, None)
        engine = make_engine(source.migrated(place))
        counted: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *call: counted.append(call[2]))
        trip = Trip(engine)
        area = trip.add_area(tiles=tiles)
        seconds, cpu = [], []
        for number, scene in enumerate(("march", "april")):
            trip.show(scene, days=number)
            trip.capture_now(area)
            counted.clear()
            began, used = time.perf_counter(), time.process_time()
            trip.work()
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
        engine.dispose()
        source.close()
    statements = [text for text in counted if not text.startswith(BRACKETS)]
    return [len(statements) / tiles, *(tiles / each for each in seconds), *(1000 * each / tiles for each in cpu)]


def in_its_process(tree: Path, options: argparse.Namespace) -> list[float]:
    """Measure a tree's trip in a process of its own."""
    command = [sys.executable, __file__, "--once", "--engine", options.engine, "--tiles", str(options.tiles)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the rounds and print their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=200)
    parser.add_argument("--engine", choices=("sqlite", "mysql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", metavar="REV", help="an older revision")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(measured(options.engine, options.tiles)))
        return
    with ExitStack() as stack:
        trees = {"this tree": HERE}
        if options.beside:
            from tests.same_as.releases import checked_out

            trees[options.beside] = stack.enter_context(checked_out(options.beside))
        turns = [{name: in_its_process(tree, options) for name, tree in trees.items()} for _ in range(options.rounds)]
    for name in trees:
        statements, captured, compared, *cpu_ms = (
            statistics.median(turn[name][column] for turn in turns) for column in range(5)
        )
        print(f"{options.engine}, {name}: {statements:.1f} statements a captured and compared tile,")
        print(f"    {captured:.1f} tiles/s captured, {compared:.1f} tiles/s captured and compared;")
        print(f"    {cpu_ms[0]:.1f} and {cpu_ms[1]:.1f} ms of the processor's time a tile")
    if options.beside:
        for column, what in enumerate(COMPARED, 1):
            ratios = sorted(turn["this tree"][column] / turn[options.beside][column] for turn in turns)
            spread = f"{ratios[0]:.2f}-{ratios[-1]:.2f}"
            print(f"{what}: {statistics.median(ratios):.2f} of {options.beside} ({spread})")


if __name__ == "__main__":
    main()
