"""How much slower the API's reads are than a bare Chalice route with one SELECT, on a full database. Prints.

python -m tests.bench.read_speed [--alerts 100000] [--rounds 200] [--engine sqlite|mysql|both]

Each round asks the bare route and every read once, so that a busy machine slows down all of them alike. Then the same
while another process runs sessions on the same database; and over HTTP as at home, on one kept connection.
"""

import argparse
import http.client
import logging
import multiprocessing
import statistics
import tempfile
import threading
import time
from pathlib import Path

from chalice import Chalice
from chalice.config import Config
from sqlalchemy import create_engine, select

from chalicelib.adapters.database import tables as t
from infra.local.server import make_server
from infra.runtime.gateway import Gateway
from tests.support.api_server import Server
from tests.support.databases.copies import migrate
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.full_database import TILES, fill

OPEN_WIDE = {
    "user_units_per_minute": 10**9,
    "user_units_at_once": 10**9,
    "address_units_per_minute": 10**9,
    "tiles_per_day": 10**9,
}
BARE = "a bare route"
PAGE = "?limit=20"


def bare(engine):
    """Make an app with one route that answers with one row."""
    app = Chalice("bare", configure_logs=False)

    @app.route("/")
    def one_select():
        with engine.connect() as connection:
            row = connection.execute(select(t.users).where(t.users.c.id == 1)).one()
        return {"id": row.id, "email": row.email, "createdAt": row.created_at.isoformat()}

    return app


def reads(area_id, session_id, place_id):
    """Give the paths of the reads that a console and a phone make, by their names."""
    session = f"/api/alerts/sessions/{session_id}"
    return {
        "me": "/api/auth/me",
        "areas": f"/api/area-configs{PAGE}",
        "area": f"/api/area-configs/{area_id}",
        "sessions": f"/api/alerts/sessions{PAGE}",
        "session": session,
        "alerts of a session": f"{session}/alerts{PAGE}",
        "images of an area": f"/api/monitor/image-tiles/area/{area_id}{PAGE}",
        "unseen of a session": f"{session}/unseen{PAGE}",
        "failures of a session": f"{session}/failures{PAGE}",
        "places": f"/api/places{PAGE}",
        "place": f"/api/places/{place_id}",
        "pushes": f"/api/pushes{PAGE}",
    }


def measured(ways, rounds):
    """Ask each of them in turns; give each one's milliseconds, of the clock and of this thread's processor time."""
    took = {name: ([], []) for name in ways}
    for number in range(rounds + 10):
        for name, ask in ways.items():
            clock, cpu = time.perf_counter(), time.thread_time()
            status = ask()
            if number >= 10:
                took[name][0].append(1000 * (time.perf_counter() - clock))
                took[name][1].append(1000 * (time.thread_time() - cpu))
            assert status == 200, (name, status)
    return took


def show(title, took):
    """Print a table: each read, and how many times the bare route's it is."""
    print(f"\n{title}\n{'':24}{'p50 ms':>9}{'p99 ms':>9}{'x bare p99':>12}{'CPU ms':>9}{'x bare CPU':>12}")
    p99 = {name: statistics.quantiles(clock, n=100)[98] for name, (clock, _) in took.items()}
    cpu = {name: statistics.median(spent) for name, (_, spent) in took.items()}
    for name, (clock, _) in took.items():
        ratios = f"{p99[name] / p99[BARE]:12.1f}{cpu[name]:9.2f}{cpu[name] / cpu[BARE]:12.1f}"
        print(f"{name:24}{statistics.median(clock):9.2f}{p99[name]:9.2f}{ratios}", flush=True)


def run_sessions(url, until):
    """Run one session after another, as a worker does, until told to stop."""
    logging.disable(logging.CRITICAL)
    server = Server(url, **OPEN_WIDE)
    badri = server.user("badri@example.org")
    area = badri.area(northKm=0.6, southKm=0.6, eastKm=0.6, westKm=0.6)
    while not until.is_set():
        server.later(hours=1)
        badri.post(f"/api/monitor/capture/{area['id']}")
        server.work(changed_m2=900)


def at_home(server, ways, headers):
    """Serve the app as at home; give the same questions asked on one kept connection."""
    serving = make_server(server.app, Config.create(lambda_timeout=30), "127.0.0.1", 0)
    threading.Thread(target=serving.server.serve_forever, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", serving.server.server_address[1])

    def ask(path):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    return {name: lambda path=path: ask(path) for name, path in ways.items()}, serving


def compare(url, alerts, rounds):
    """Fill a database and print the tables."""
    migrate(url)
    server = Server(url, **OPEN_WIDE)
    asha = server.user()
    area_id = asha.area()["id"]
    sessions = fill(server.engine, user_id=1, area_id=area_id, runs=alerts, every=1)
    paths = reads(area_id, max(1, sessions // 2), min(TILES, alerts))
    # An engine as it comes: the product's own begins as a writer where nobody says that it reads, and waits for others.
    bare_engine = create_engine(server.engine.url)
    gateway, plain = Gateway(server.app), Gateway(bare(bare_engine))
    headers = {"authorization": f"Bearer {asha.token}"}
    ways = {BARE: lambda: plain.answer("GET", "/", {}, None).status}
    ways |= {name: lambda p=path: gateway.answer("GET", p, headers, None).status for name, path in paths.items()}
    name = f"{server.engine.dialect.name}, {alerts} alerts"
    show(f"{name}, quiet", measured(ways, rounds))
    until = multiprocessing.get_context("spawn").Event()
    worker = multiprocessing.get_context("spawn").Process(target=run_sessions, args=(url, until))
    worker.start()
    time.sleep(5)
    show(f"{name}, while sessions run", measured(ways, rounds))
    until.set()
    worker.join()
    if server.engine.dialect.name == "sqlite":
        asked, serving = at_home(server, paths, headers)
        took = measured(asked, rounds)
        print("\nover HTTP as at home, one kept connection: p50, p99 ms")
        for each, (clock, _) in took.items():
            print(f"{each:24}{statistics.median(clock):9.2f}{statistics.quantiles(clock, n=100)[98]:9.2f}")
        serving.shutdown()
        serving.server.server_close()
    bare_engine.dispose()
    server.engine.dispose()


def main():
    """Compare on one engine or both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--engine", choices=["sqlite", "mysql", "both"], default="both")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.engine != "mysql":
        with tempfile.TemporaryDirectory() as folder:
            compare(f"sqlite:///{Path(folder) / 'full.db'}", options.alerts, options.rounds)
    if options.engine == "sqlite":
        return
    program = find_server()
    if program is None:
        print(f"no MariaDB or MySQL: {HOW_TO_GET_ONE}")
        return
    database = start_server(program)
    try:
        compare(database.make("full"), options.alerts, options.rounds)
    finally:
        database.stop()


if __name__ == "__main__":
    main()
