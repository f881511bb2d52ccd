"""What admission costs a request: microseconds, with buckets in memory, in portions, and taken one by one. Prints.

python -m tests.bench.admission_speed [--requests N] [--threads N]     needs MariaDB, starts its own
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from chalicelib.adapters.buckets import MemoryBuckets
from chalicelib.adapters.database.buckets import SqlBuckets
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.portioned_buckets import PortionedBuckets
from chalicelib.application.admit import admit
from chalicelib.domain.admission import Limit
from tests.support.databases.copies import migrate
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server

USER = Limit(name="requests", capacity=6_000, period_s=60)
ADDRESS = Limit(name="requests from this address", capacity=12_000, period_s=60)


def milliseconds(buckets, *, requests, threads):
    """Admit requests of ten users from ten addresses, as the API does; give what each took."""
    taken, lock = [], threading.Lock()

    def ask(number):
        own = []
        for turn in range(requests // threads):
            who = str((number + turn) % 10)
            began = time.perf_counter()
            admit(who, 1, ADDRESS, buckets=buckets, now=datetime.now(UTC))
            admit(who, 1, USER, buckets=buckets, now=datetime.now(UTC))
            own.append(1000 * (time.perf_counter() - began))
        with lock:
            taken.extend(own)

    asking = [threading.Thread(target=ask, args=[number]) for number in range(threads)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    return taken


def show(name, taken):
    """Print a line of the table."""
    cuts = statistics.quantiles(taken, n=100)
    print(f"{name:34} {len(taken):8} {statistics.mean(taken):9.3f} {cuts[49]:9.3f} {cuts[98]:9.3f}")


def main():
    """Measure each kind of buckets on each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=8_000, help="of each kind (default %(default)s)")
    parser.add_argument("--threads", type=int, default=4, help="at once (default %(default)s)")
    options = parser.parse_args()
    program = find_server()
    if not program:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}")
        return 1
    print(f"{'both buckets of a request':34} {'requests':>8} {'mean ms':>9} {'p50 ms':>9} {'p99 ms':>9}")
    load = {"requests": options.requests, "threads": options.threads}
    server = start_server(program)
    try:
        with tempfile.TemporaryDirectory() as folder:
            urls = {"SQLite": f"sqlite:///{Path(folder) / 'bench.db'}", "MariaDB": server.make("admission")}
            show("memory (a home)", milliseconds(MemoryBuckets(), **load))
            for name, url in urls.items():
                migrate(url)
                engine = make_engine(url)
                store = SqlBuckets(engine)
                if name == "MariaDB":
                    portions = PortionedBuckets(lambda store=store: store, monotonic=time.monotonic)
                    show("portions, MariaDB (a server, AWS)", milliseconds(portions, **load))
                fewer = load | {"requests": options.requests // 8}
                show(f"one by one, {name} (sign-ins)", milliseconds(store, **fewer))
                engine.dispose()
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
