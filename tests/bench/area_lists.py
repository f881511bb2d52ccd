"""What a list of areas costs with how many areas there are, each looked at many times: statements, bytes, p50. Prints.

python -m tests.bench.area_lists [--looks 100] [--rounds 30] [--engine sqlite|mysql|both]
"""

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import event

from tests.support.api_server import Server
from tests.support.databases.copies import migrate
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.many_areas import fill_areas

OPEN_WIDE = {"user_units_per_minute": 10**9, "address_units_per_minute": 10**9, "max_areas": 10_000}
SIZES = (30, 300, 1000)
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK")
READS = {
    "a page of 50, what waits first": "/api/area-configs?order=attention&limit=50",
    "the same, searched": "/api/area-configs?order=attention&limit=50&search=plot+1",
    "all, as the first client asks": "/api/area-configs",
    "counted by what waits": "/api/area-configs/attention",
    "sessions of one area": "/api/alerts/sessions?area=1&limit=50",
}


def measure(url, looks, rounds):
    """Fill a database size by size, and print a row for each read."""
    migrate(url)
    server = Server(url, **OPEN_WIDE)
    asha, said, stored = server.user(), [], 0
    event.listen(server.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    print(f"\n{server.engine.dialect.name}, {looks} sessions of each area")
    print(f"{'areas':>6}  {'':34}{'statements':>11}{'bytes':>10}{'p50 ms':>9}")
    for size in SIZES:
        fill_areas(server.engine, user_id=1, areas=size - stored, looks=looks)
        stored = size
        for name, path in READS.items():
            said.clear()
            answer = asha.get(path)
            statements = sum(not statement.startswith(BRACKETS) for statement in said)
            took = []
            for _ in range(rounds):
                began = time.perf_counter()
                assert asha.get(path).status == 200
                took.append(1000 * (time.perf_counter() - began))
            row = f"{size:>6}  {name:34}{statements:>11}{len(answer.content):>10}"
            print(f"{row}{statistics.median(took):>9.1f}", flush=True)
    server.engine.dispose()


def main():
    """Measure on one engine or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--engine", choices=["sqlite", "mysql", "both"], default="both")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.engine != "mysql":
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder) / 'areas.db'}", options.looks, options.rounds)
    if options.engine == "sqlite":
        return
    program = find_server()
    if program is None:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}")
        return
    database = start_server(program)
    try:
        measure(database.make("areas"), options.looks, options.rounds)
    finally:
        database.stop()


if __name__ == "__main__":
    main()
