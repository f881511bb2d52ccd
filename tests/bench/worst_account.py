"""One account at its worst, and what another notices of it, on gunicorn with MariaDB. Prints; asserts nothing on time.

python -m tests.bench.worst_account [--turns N] [--seconds S] [--alerts N] [--direct]     needs nginx and MariaDB

The hostile account keeps 96 comparisons, 30 lists without a limit, 20 estimates or 50 sign-ins going at once, and then
all of them together, each on a connection of its own, and sends again 50 ms (a round trip) after it was answered,
whatever the answer says. Its bucket is full whenever it begins. Beside it another account polls what the existing
client polls, on one kept connection. Both come from one address. Quiet and each load take turns in one run. No worker
runs, so that the hostile account's session stays open and its comparisons have something to wait for. `--direct` leaves
out nginx, and with it the limits that are there. The hostile account's own work, TLS for the most part, is not the
server's: its process stands back (nice) for the others, as one on another machine would.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests
from sqlalchemy import create_engine, text

from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.full_database import fill
from tests.support.running.client import Client
from tests.support.running.stack import HOW_TO_GET_NGINX, NGINX, Stack, verifying

PAUSE_S = 0.02  # between two polls
ROUND_TRIP_S = 0.05
AUTOGROUP = Path("/proc/self/autogroup")
NONE, ALL = -1, -2
REST_S = 6  # what it holds until its comparisons are answered is not the next turn's
PASSWORD = "secret-land"
SMALL = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.2)
AREA = {"provider": "sample", "centerLat": 20.35, "centerLon": 85.8, **SMALL}


def worst(area_id, email):
    """Give what is sent at once: for each kind how many, and the requests among which they are shared out."""
    return {
        "compare": (96, [("POST", f"/api/monitor/compare/{area_id}", None)]),
        "list": (
            30,
            [("GET", path, None) for path in ("/api/alerts/sessions", f"/api/monitor/image-tiles/area/{area_id}")]
            + [("GET", "/api/places", None)],
        ),
        "estimate": (20, [("POST", "/api/area-configs/estimate", AREA)]),
        "sign in": (50, [("POST", "/api/auth/login", {"email": email, "password": PASSWORD})]),
    }


def be_hostile(port, certificate, token, kinds, load, ended, answers):
    """Send what `load` says: the kind of that number, ALL, or for NONE nothing; give kind, status, seconds."""
    os.setsid()  # a group of its own, which Linux shares out by
    AUTOGROUP.write_text("5") if AUTOGROUP.exists() else os.nice(19)
    answers.put(asyncio.run(_send_all(port, certificate, token, kinds, load, ended)))


async def _send_all(port, certificate, token, kinds, load, ended):
    context = None if certificate is None else ssl.create_default_context(cafile=certificate)
    got, names = [], list(kinds)

    def is_due(kind):
        return load.value == ALL or (load.value >= 0 and names[load.value] == kind)

    sending = [
        _send(port, context, token, kind, requests_[number % len(requests_)], is_due, ended, got)
        for kind, (count, requests_) in kinds.items()
        for number in range(count)
    ]
    await asyncio.gather(*sending)
    return got


async def _send(port, context, token, kind, request, is_due, ended, got):
    method, path, body = request
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    reader = writer = None
    while not ended.is_set():
        await asyncio.sleep(ROUND_TRIP_S)
        began = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("localhost", port, ssl=context, limit=2**22)
            if not is_due(kind):
                continue
            writer.write(head.encode() + content)
            status = await asyncio.wait_for(_answer(reader), 60)
        except (TimeoutError, OSError, EOFError):
            status = 0
        if status == 0 and writer is not None:
            writer.close()
            writer = None
        got.append((kind, status, time.monotonic() - began))
    if writer is not None:
        writer.close()


async def _answer(reader):
    """Read one answer to its end; give its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next(line for line in head.split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(int(length.partition(":")[2]))
    return int(head.split(maxsplit=2)[1])


def poll(url, certificate, headers, paths, seconds):
    """Ask for what the existing client asks for, in turns; give each answer's status and seconds."""
    got, end, number = [], time.monotonic() + seconds, 0
    with verifying(certificate) as http:
        http.headers.update(headers)
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                status = http.get(url + paths[number % len(paths)], timeout=60).status_code
            except requests.RequestException:
                status = 0
            got.append((status, time.monotonic() - began))
            number += 1
            time.sleep(PAUSE_S)
    return got


def polled(client):
    """Give the paths that the existing client polls, for an account with an area that was looked at."""
    area = client.add_area(name="Land", **AREA)
    session = client.supervise_now(area["id"])
    lists = ["/api/area-configs/", "/api/alerts/sessions", f"/api/monitor/image-tiles/area/{area['id']}"]
    return [*lists, f"/api/area-configs/{area['id']}", f"/api/alerts/sessions/{session['id']}/details", "/api/auth/me"]


def run(stack, url, certificate, options):
    """Measure quiet and each load in turns; give the other's answers of each, the hostile account's, and the CPU."""
    stack.stop("clock")  # it would open a session among those that are filled in
    hostile = client_of(stack, url, certificate, "hostile@example.org")
    area_id = hostile.add_area(name="Mine", **AREA)["id"]
    engine = create_engine(stack.environment["BHUPRAHARI_DATABASE_URL"])
    fill(engine, user_id=1, area_id=area_id, runs=options.alerts, every=1)
    stack.start_one("clock", "clock")
    other = client_of(stack, url, certificate, "other@example.org")
    paths = polled(other)
    stack.stop("worker-1")
    hostile.call("POST", f"monitor/capture/{area_id}")
    spawn = multiprocessing.get_context("spawn")
    load, ended, answers = spawn.Value("i", NONE), spawn.Event(), spawn.Queue()
    token = hostile.http.headers["Authorization"].partition(" ")[2]
    kinds, port = worst(area_id, "hostile@example.org"), int(url.rpartition(":")[2])
    process = spawn.Process(target=be_hostile, args=(port, certificate, token, kinds, load, ended, answers))
    process.start()
    loads = {"quiet": NONE} | {kind: number for number, kind in enumerate(kinds)} | {"all at once": ALL}
    taken, busy = {name: [] for name in loads}, {name: Counter() for name in loads}
    try:
        headers = {"Authorization": other.http.headers["Authorization"]}
        for _ in range(options.turns):
            for name, what in loads.items():
                with engine.begin() as connection:
                    connection.execute(text("DELETE FROM buckets"))
                load.value = what
                time.sleep(1)
                before = cpu_s(stack)
                taken[name].extend(poll(url, certificate, headers, paths, options.seconds))
                busy[name].update({where: took - before[where] for where, took in cpu_s(stack).items()})
                load.value = NONE
                time.sleep(REST_S if what != NONE else 0)
    finally:
        ended.set()
        engine.dispose()
    got = answers.get(timeout=120)
    process.join()
    return taken, got, busy


def cpu_s(stack):
    """Give the seconds of a processor that the server's processes took: each name is a process group."""
    groups = {process.pid: name for name, process in stack.running.items()}
    taken, ticks = Counter(dict.fromkeys(stack.running, 0.0)), os.sysconf("SC_CLK_TCK")
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended
        if (name := groups.get(int(told[2]))) is not None:
            taken[name] += (int(told[11]) + int(told[12])) / ticks
    return taken


def client_of(stack, url, certificate, email):
    """Sign somebody in, at nginx or at gunicorn itself."""
    if certificate is not None:
        return stack.client(email=email, password=PASSWORD)
    client = Client(url, email=email, password=PASSWORD)
    client.http.trust_env = False
    return client


def show(taken, got, busy, seconds):
    """Print both tables."""
    print(
        f"\n{'the other account':20}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}{'times':>7}  statuses; CPU of the server"
    )
    quiet = None
    for name, answers in taken.items():
        cuts = statistics.quantiles([1000 * took for _, took in answers], n=100)
        quiet = quiet or cuts[98]
        statuses = dict(Counter(status for status, _ in answers))
        own = ", ".join(f"{where} {took / seconds:.2f}" for where, took in busy[name].items())
        print(f"{name:20}{len(answers):9}{cuts[49]:9.1f}{cuts[98]:9.1f}{cuts[98] / quiet:7.1f}  {statuses}; {own}")
    print(f"\n{'the hostile account':20}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}  statuses")
    for kind in dict.fromkeys(kind for kind, _, _ in got):
        own = [(status, took) for its, status, took in got if its == kind]
        cuts = statistics.quantiles([1000 * took for _, took in own], n=100)
        statuses = dict(sorted(Counter(status for status, _ in own).items()))
        print(f"{kind:20}{len(own):9}{cuts[49]:9.1f}{cuts[98]:9.1f}  {statuses}")


def main():
    """Start a server, let both at it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=2, help="of quiet and each load (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=12, help="of each (default %(default)s)")
    parser.add_argument("--alerts", type=int, default=20_000, help="of the hostile account (default %(default)s)")
    parser.add_argument("--direct", action="store_true", help="ask gunicorn itself, without nginx")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    program = find_server()
    if not NGINX or not program:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}" if NGINX else f"no nginx: {HOW_TO_GET_NGINX}")
        return 1
    database = start_server(program)
    try:
        with tempfile.TemporaryDirectory() as folder, Stack(folder, database.make("worst"), workers=1) as stack:
            certificate = None if options.direct else str(stack.certificate)
            url = f"http://localhost:{stack.api}" if options.direct else stack.url
            taken, got, busy = run(stack, url, certificate, options)
            shape = f"{stack.api_processes} processes of {stack.threads} threads"
    finally:
        database.stop()
    where = "gunicorn" if options.direct else "nginx, gunicorn"
    print(f"{where} with {shape}, MariaDB; {options.turns} turns of {options.seconds:g} s")
    show(taken, got, busy, options.turns * options.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
