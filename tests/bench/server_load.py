"""Many clients at once on a whole server over HTTPS: requests a second, p50 and p95. Prints; asserts nothing on time.

They are of eleven people: of one sign-in nginx passes on fifty requests a second.

python -m tests.bench.server_load [--clients N] [--requests N]     needs nginx and MariaDB, starts its own
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.running.client import Client
from tests.support.running.stack import HOW_TO_GET_NGINX, NGINX, Stack, verifying

# Of twenty requests: what a client with its list of areas open does, and now and then a change.
MIX = ("areas",) * 5 + ("sessions",) * 5 + ("tiles",) * 4 + ("me",) * 3 + ("health", "console", "write")

AREA = {"provider": "sample", "centerLat": 20.35, "centerLon": 85.8}
AREA |= dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.2)


@dataclass
class Load:
    """What came back: a status and its seconds for every request, and how long the whole took."""

    kinds: list
    statuses: list
    seconds: list
    took_s: float

    def percentile(self, percent, kind=None):
        """Give the milliseconds within which that many percent were answered."""
        taken = [one for one, its in zip(self.seconds, self.kinds, strict=True) if kind in (None, its)]
        return 1000 * (statistics.quantiles(taken, n=100)[percent - 1] if len(taken) > 1 else taken[0])

    def __str__(self):
        lines = [f"{'':10} {'requests':>8} {'p50 ms':>8} {'p95 ms':>8}"]
        for kind in (*dict.fromkeys(MIX), None):
            count = len(self.kinds) if kind is None else self.kinds.count(kind)
            lines.append(
                f"{kind or 'all':10} {count:8} {self.percentile(50, kind):8.0f} {self.percentile(95, kind):8.0f}"
            )
        lines.append(f"{len(self.kinds) / self.took_s:.0f} requests/s; statuses {dict(Counter(self.statuses))}")
        return "\n".join(lines)


def people_of(stack, count=10):
    """Sign people in, each with an area; give their tokens and areas. At gunicorn: nginx takes ten a minute."""
    people = [Client(f"http://127.0.0.1:{stack.api}", email=f"person-{number}@example.org") for number in range(count)]
    return [(each.http.headers["Authorization"], each.add_area(name="Load", **AREA)) for each in people]


def put_load(stack, people, *, clients, requests_each):
    """Let that many clients, each with a connection of its own, send their requests at once; give what came back."""
    together = threading.Barrier(clients)

    def be_a_client(number):
        taken, (authorization, area) = [], people[number % len(people)]
        with verifying(str(stack.certificate)) as http:
            http.headers["Authorization"] = authorization
            together.wait(60)
            for turn in range(requests_each):
                kind = MIX[(7 * number + turn) % len(MIX)]
                began = time.monotonic()
                status = _send(http, stack.url, kind, area, number)
                taken.append((kind, status, time.monotonic() - began))
        return taken

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        taken = [one for each in pool.map(be_a_client, range(clients)) for one in each]
    return Load(*map(list, zip(*taken, strict=True)), time.monotonic() - began)


def _send(http, url, kind, area, number):
    """Send one request; give its status, 0 if there was no answer."""
    paths = {
        "areas": "/api/area-configs/",
        "sessions": "/api/alerts/sessions",
        "tiles": f"/api/monitor/image-tiles/area/{area['id']}",
        "me": "/api/auth/me",
        "health": "/api/health",
        "console": "/console/index.html",
    }
    try:
        if kind == "write":
            phone = {"token": f"phone-{number % 10}", "platform": "android"}
            return http.post(f"{url}/api/devices", json=phone, timeout=60).status_code
        return http.get(url + paths[kind], timeout=60).status_code
    except requests.RequestException as error:
        print(f"{kind}: {error}", file=sys.stderr)
        return 0


def main():
    """Start a server, put the load on it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50, help="at once (default %(default)s)")
    parser.add_argument("--requests", type=int, default=40, help="of each (default %(default)s)")
    options = parser.parse_args()
    program = find_server()
    if not NGINX or not program:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}" if NGINX else f"no nginx: {HOW_TO_GET_NGINX}")
        return 1
    database = start_server(program)
    try:
        with tempfile.TemporaryDirectory() as folder, Stack(folder, database.make("load")) as stack:
            client = stack.client()
            area = client.add_area(name="Load", **AREA)
            client.supervise_now(area["id"])
            people = [(client.http.headers["Authorization"], area), *people_of(stack)]
            load = put_load(stack, people, clients=options.clients, requests_each=options.requests)
            shape = f"{stack.api_processes} processes of {stack.threads} threads"
    finally:
        database.stop()
    print(f"{options.clients} clients, {options.requests} requests each; nginx, gunicorn with {shape}, MariaDB")
    print(load)
    return 0


if __name__ == "__main__":
    sys.exit(main())
