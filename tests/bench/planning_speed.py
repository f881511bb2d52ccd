"""Seconds that planning a session takes, and how often the provider is searched for it.

Run as `python -m tests.bench.planning_speed [--tiles 2500] [--items 400] [--engine mysql]`. It opens a session of so
many tiles on an archive of so many items, works on its first tiles: the first one searches, each reads what was found;
and plans the tiles of the parts that are left, each in its own transaction.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.scenes import Grid
from tests.support.builders.archives import noise, put
from tests.support.builders.domain import SPRING
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.trip import Trip

FIRST = 20
ITEMS_A_DAY = 8


class Counted(ArchiveImagery):
    """The archive, with its searches counted and timed. What it fetches costs nothing."""

    def __init__(self, *place) -> None:
        super().__init__(*place)
        self.searched: list[float] = []

    def scenes(self, area, *, since, until):
        began = time.perf_counter()
        found = super().scenes(area, since=since, until=until)
        self.searched.append(time.perf_counter() - began)
        return found


def planned_on(trip: Trip, session_id: int) -> Iterator[float]:
    """Plan what is left of a session; give the seconds of each part."""
    while True:
        began = time.perf_counter()
        if trip.plans.plan_part(session_id, now=trip.now) is None:
            return
        yield time.perf_counter() - began


def main() -> None:
    """Plan once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=2500)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--engine", default="sqlite", choices=["sqlite", "mysql"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place, archive = Path(folder), Path(folder) / "archive"
        archive.mkdir()
        source = SqliteDatabases(place, migrate) if options.engine == "sqlite" else MySqlDatabases(migrate, None)
        trip = Trip(make_engine(source.migrated(place)), tiles_per_day=1_000_000)
        side = round(options.tiles**0.5)
        area = trip.add_area(tiles=side, provider="archive", grid=Grid(zoom=17, tile_px=64, margin_px=8), rows=side)
        pixels = noise(64, 64)
        for number in range(options.items):
            day = SPRING - timedelta(days=number // ITEMS_A_DAY)
            put(archive, f"item-{number}", area.extent.bounds, pixels=pixels, taken=day.isoformat())
        trip.imagery = Counted(TERMS, archive)
        began = time.perf_counter()
        session = trip.capture_now(area)
        opened = time.perf_counter() - began
        for _ in range(FIRST):
            trip.work_once()
        planned = trip.session(session).tiles_planned
        print(f"{planned} tiles, {options.items} items: opened in {opened:.2f} s, searched", end=" ")
        searched = trip.imagery.searched
        print(f"{len(searched)} time for {FIRST} tiles, in {sum(searched):.2f} s;", end=" ")
        print(f"planned in {opened + sum(searched):.2f} s")
        parts = list(planned_on(trip, session.session_id))
        if parts:
            print(f"{len(parts)} parts more, in {sum(parts):.1f} s;", end=" ")
            print(f"one in {median(parts):.2f} s, {max(parts):.2f} at most")
        trip.engine.dispose()
        source.close()


if __name__ == "__main__":
    main()
