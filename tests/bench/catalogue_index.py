"""Seconds that the index of an archive takes: built, refreshed, asked for a tile; and the requests that S3 gets for it.

Run as `python -m tests.bench.catalogue_index [--items 10000] [--s3-items 500] [--engines sqlite mysql]`. The items lie
side by side, 100 to a row, a picture each. With `--plans` it prints how the engines look a tile up.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import boto3
import cv2
from moto.server import ThreadedMotoServer
from sqlalchemy import text

from chalicelib.adapters.database.archive_index import SqlArchiveIndex, over_query
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.indexed import Indexed
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.s3_item_store import S3ItemStore
from chalicelib.domain.tiles import Bounds
from tests.support.builders.archives import item, noise, rows_of
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate

SIDE, ROW = 0.0025, 100  # degrees; items
LOOKS = 500
BUCKET = "bench-archive"


def ground(number: int) -> Bounds:
    """Return where an item lies."""
    west, south = 80 + number % ROW * SIDE, 20 + number // ROW * SIDE
    return Bounds(west, south, west + SIDE, south + SIDE)


def files(number: int) -> dict[str, bytes]:
    """Return an item and its picture."""
    bounds, name = ground(number), f"{number // ROW:03}/item-{number:06}"
    stac = item(bounds, item_id=f"item-{number}", href=f"./item-{number:06}.png")
    return {f"{name}.json": json.dumps(stac).encode(), f"{name}.png": picture(rows_of(bounds, 64))}


@cache
def picture(rows: int) -> bytes:
    """Return a picture of so many rows."""
    return cv2.imencode(".png", noise(64, rows))[1].tobytes()


class Bench:
    """One archive and one database."""

    def __init__(self, store, url: str) -> None:
        self.store, self.url = store, url

    def archive(self) -> ArchiveImagery:
        """Return it as a process has it that has just begun."""
        index = SqlArchiveIndex(make_engine(self.url))
        ways = {"clock": lambda: datetime.now(UTC), "sleep": time.sleep, "monotonic": time.monotonic}
        return ArchiveImagery(TERMS, self.store, lambda store: Indexed(store, index, place="bench", **ways))


def timed(what: str, deed, *, asked: Counter | None = None):
    """Time a deed and print it, with the requests that it made."""
    if asked is not None:
        asked.clear()
    began = time.perf_counter()
    answer = deed()
    requests = f"  {dict(asked) or 'no request'}" if asked is not None else ""
    print(f"  {what:<42} {time.perf_counter() - began:8.3f} s{requests}", flush=True)
    return answer


def run(bench: Bench, items: int, add, *, asked: Counter | None = None) -> None:
    """Build, refresh and look up, and print."""

    def build() -> None:
        archive = bench.archive()
        while not archive._holdings._index.state(archive._holdings._archive).is_built:
            archive.refresh()

    timed("first build", build, asked=asked)
    archive = bench.archive()
    timed("refresh with nothing new", archive.refresh, asked=asked)
    add(items)
    timed("refresh with one new item, cold process", bench.archive().refresh, asked=asked)
    add(items + 1)
    archive.refresh()
    add(items + 2)
    timed("refresh with one new item, warm process", archive.refresh, asked=asked)
    holdings = bench.archive()._holdings
    timed("look-up of a tile, cold process", lambda: holdings.named(["item-7"]), asked=asked)
    middle = ground(items // 2)
    tile = Bounds(middle.west, middle.south, middle.west + SIDE / 2, middle.south + SIDE / 2)
    for what, look in (
        ("by the items of its scene", lambda place: holdings.named([f"item-{place * 17 % items}"])),
        ("by its ground", lambda _: holdings.over(tile).entries),
    ):
        spent = []
        for place in range(LOOKS):
            began = time.perf_counter()
            found = look(place)
            spent.append(1000 * (time.perf_counter() - began))
            assert found, what
        p99 = statistics.quantiles(spent, n=100)[98]
        print(f"  look-up {what:<34} {statistics.median(spent):8.2f} ms median, {p99:.2f} ms p99", flush=True)


def plans(url: str, archive: str) -> None:
    """Print how the engine looks up."""
    engine = make_engine(url)
    word = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        levels = connection.execute(text("SELECT levels FROM archive_states")).scalar_one()
        query = over_query(archive, ground(5), levels).compile(engine, compile_kwargs={"literal_binds": True})
        named = f"SELECT says FROM archive_items WHERE archive = '{archive}' AND item_id IN ('item-7', 'item-8')"
        for statement in (str(query), named):
            print(f"  {' '.join(statement.split())}")
            for row in connection.exec_driver_sql(f"{word} {statement.replace('%', '%%')}"):
                print(f"    {tuple(row)}")


def folder_bench(folder: Path, database: str, items: int, *, with_plans: bool) -> None:
    """Run on a folder."""
    source = SqliteDatabases(folder, migrate) if database == "sqlite" else MySqlDatabases(migrate, None)
    print(f"a folder of {items} items, {source.product}")

    def add(number: int) -> None:
        for name, content in files(number).items():
            path = folder / "archive" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    for number in range(items):
        add(number)
    url = source.migrated(folder)
    bench = Bench(FolderItemStore(folder / "archive"), url)
    run(bench, items, add)
    if with_plans:
        plans(url, bench.archive()._holdings._archive)
    source.close()


def s3_bench(folder: Path, items: int) -> None:
    """Run on a stand-in of S3."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket=BUCKET)
    asked: Counter = Counter()

    def add(number: int) -> None:
        for name, content in files(number).items():
            client.put_object(Bucket=BUCKET, Key=name, Body=content)

    for number in range(items):
        add(number)
    client.meta.events.register("before-send.s3", lambda request, **_: asked.update([request.method]) and None)
    print(f"S3 (moto) with {items} items, SQLite; requests by method")
    source = SqliteDatabases(folder, migrate)
    run(Bench(S3ItemStore(client, bucket=BUCKET, prefix=""), source.migrated(folder)), items, add, asked=asked)
    server.stop()


def main() -> None:
    """Run on each and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--s3-items", type=int, default=500)
    parser.add_argument("--engines", nargs="*", default=["sqlite", "mysql"])
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    for database in options.engines:
        with tempfile.TemporaryDirectory() as folder:
            folder_bench(Path(folder), database, options.items, with_plans=options.plans)
    if options.s3_items:
        with tempfile.TemporaryDirectory() as folder:
            s3_bench(Path(folder), options.s3_items)


if __name__ == "__main__":
    main()
