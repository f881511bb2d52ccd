"""Generated cases against the whole API, each answer held against openapi.json: 0 faults, or what they are. Seeded.

python -m tests.bench.api_cases [--cases 100000] [--seed 1] [--engine sqlite|mysql|both] [--jobs 2]

Each job is a walk of its own, with a seed and a database of its own; with `both` they take turns on the two engines.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.support.api_cases.description import Description
from tests.support.api_cases.walk import OPEN_WIDE, Walk
from tests.support.api_server import Server
from tests.support.databases.copies import migrate
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server


def walked(engine, cases, seed):
    """Do so many cases on a fresh database; give what came of it: counts by route and status, kinds, links, faults."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        database = start_server(find_server()) if engine == "mysql" else None
        try:
            url = database.make("cases") if database else f"sqlite:///{Path(folder) / 'cases.db'}"
            migrate(url)
            server = Server(url, **OPEN_WIDE)
            walk = Walk(server, seed)
            walk.run(cases - walk.cases)
            server.engine.dispose()
        finally:
            if database:
                database.stop()
    return walk.statuses, walk.kinds, walk.links, walk.faults


def show(found, took_s):
    """Print how the answers lie, by route and by kind, the links that were followed, and each fault."""
    statuses, kinds, links = (sum((each[part] for each in found), Counter()) for part in range(3))
    faults = [(count, *about, first) for each in found for about, (count, first) in each[3].items()]
    operations = list(Description().operations.values())
    columns = sorted({status for _, status in statuses})
    names = [*(f"{each.method} {each.path}" for each in operations), "(no route)"]
    print(f"{'route':58}" + "".join(f"{column:>7}" for column in columns))
    for name in names:
        print(f"{name:58}" + "".join(f"{statuses[name, column] or '':>7}" for column in columns))
    print(f"{'all':58}" + "".join(f"{sum(statuses[name, column] for name in names):>7}" for column in columns))
    print(f"\n{'kind':12}{'2xx':>8}{'3xx':>8}{'4xx':>8}{'5xx':>8}")
    for kind in dict.fromkeys(kind for kind, _ in kinds):
        print(f"{kind:12}" + "".join(f"{kinds[kind, hundred]:8}" for hundred in (2, 3, 4, 5)))
    described = {(each.name, taker) for each in operations for taker in each.links()}
    unfollowed = described - {link for link in links if links[link]}
    silent = [name for name in names[:-1] if not any(statuses[name, column] for column in columns if column < 400)]
    print(
        f"\nlinks followed: {len(described) - len(unfollowed)} of {len(described)}; not: {sorted(unfollowed) or 'none'}"
    )
    print(f"routes that answered no 2xx or 3xx: {silent or 'none'}")
    cases, well = sum(statuses.values()), sum(n for (_, status), n in statuses.items() if status < 400)
    print(f"{cases} cases in {took_s:.0f} s, {well} of them answered 2xx or 3xx; {len(faults)} faults")
    for count, name, fault, first in sorted(faults, key=lambda each: each[0], reverse=True):
        print(f"\n{count:6} x {name}: {fault}\n      {first}")
    return 1 if faults or silent else 0


def main():
    """Walk, on one engine or both, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first walk; the next ones count on")
    parser.add_argument("--engine", choices=["sqlite", "mysql", "both"], default="both")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.engine != "sqlite" and find_server() is None:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}")
        return 1
    engines = ["sqlite", "mysql"] if options.engine == "both" else [options.engine]
    walks = [(engines[number % len(engines)], options.seed + number) for number in range(options.jobs)]
    print(f"walks, by engine and seed: {walks}", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(options.jobs) as pool:
        asked = [pool.submit(walked, engine, options.cases // options.jobs, seed) for engine, seed in walks]
        return show([each.result() for each in asked], time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
