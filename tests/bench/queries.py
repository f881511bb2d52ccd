"""What each route and each tick asks of a full database: statements, rows touched, milliseconds, and the plans.

Run as `make bench-queries`; `--runs 1000000` is the whole size. Routes come from the app's own list, a new one among
them. Rows touched are counted by MariaDB alone; a statement whose plan reads a whole table of many rows is named.
"""

import argparse
import logging
import re
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, func, select, text

from chalicelib.adapters.database import tables as t
from chalicelib.api.openapi import APIS
from chalicelib.application.admit import delete_full_buckets
from chalicelib.application.delete_ended_sign_ins import delete_ended_sign_ins
from tests.support.api_server import SMALL_AREA, Server
from tests.support.databases.copies import migrate
from tests.support.databases.mysql_server import find_server, start_server
from tests.support.full_database import TILES, fill

TIMES = 5  # each reading question is asked; its median is told
MANY = 1000  # rows of a table that no statement may read from end to end
BODIES = {
    "change_area": {"sensitivity": "low"},
    "estimate_area": SMALL_AREA,
    "add_area": SMALL_AREA,
    "try_settings": {"sensitivity": "low"},
    "add_export": {},
    "pin_image": {"reason": "evidence"},
    "add_device": {"token": "another", "platform": "web"},
    "login": {"email": "asha@example.org", "password": "secret-1"},
    "register": {"email": "new@example.org", "password": "secret-1"},
}
LAST = ("cancel", "accept_baseline", "delete_area")  # what they change, the others would miss
NOT_ASKED = {"logout", "change_password", "refresh", "end_sign_in", "remove_device", "get_image"}  # by their id alone
REFUSED_IF_MANY = "export_places"  # a file of more places than it holds: what is read before it says so counts
NOT_ASKED |= {"load_export", "delete_export", "get_export"}
# Imports, layers and holds have no million of rows: what is of one of them is named in the end, and not asked.
FEW = re.compile(r"layers/|holds/|/holds$")


def routes(person, ids):
    """Yield each route's question, by its name: what reads first, what ends things last."""
    found = [route for api in APIS for route in api.routes if route.name not in NOT_ASKED and not _is_of_few(route)]
    ends = {name: number for number, name in enumerate(LAST, 1)}
    for route in sorted(found, key=lambda each: (ends.get(each.name, 0), each.method != "GET")):
        path = route.path.format(**ids, name="index.html") + ("?limit=50" if route.is_paged else "")
        yield f"{route.method} {route.path}", route.method == "GET", lambda r=route, p=path: _asked(person, r, p)


def _is_of_few(route):
    return bool(FEW.search(route.path)) and (route.method, route.path) != ("GET", "/api/holds")


def _asked(person, route, path):
    answer = person.call(route.method, path, BODIES.get(route.name))
    expected = {route.status, 302, 409} | ({400} if route.name == REFUSED_IF_MANY else set())
    assert answer.status in expected, (path, answer)


def ticks(server):
    """Yield each step's question of the clock's functions, by its name."""
    ports, later = server.ports, server.now + timedelta(days=1)
    old = server.now - timedelta(days=1)
    yield "tick: areas that are due", lambda: ports.areas.due(now=later, limit=1000)
    yield "tick: repair clocks", lambda: ports.clock_repairs.repair(now=server.now)
    yield "tick: backlog", lambda: (ports.outbox.oldest_waiting(now=later), ports.outbox.dead(100))
    yield "tick: retry tile runs", lambda: ports.tile_runs.retry_stalled(now=server.now, limit=200)
    yield "tick: retry pushes", lambda: ports.deliveries.retry_due(now=server.now, limit=200)
    yield "tick: states", lambda: ports.state_notices.due(now=later, limit=200)
    yield "tick: overdue sessions", lambda: ports.sessions.overdue(now=server.now, limit=200)
    yield "tick: deleted areas", lambda: ports.areas.deleted_with_rows(200)
    upkeep = ports.place_upkeep
    yield "tick: old alerts to join", lambda: upkeep.waiting(after=0, until=upkeep.part_after(0), limit=50)
    yield "tick: places left over", lambda: upkeep.delete_left_over(after=0, limit=100)
    yield "tick: captures left over", lambda: ports.captures.delete_left_over(before=old, limit=1000)
    yield "tick: orphan objects", lambda: ports.orphans.release([str(n) for n in range(10, 10_000, 10)])
    yield "tick: full buckets", lambda: delete_full_buckets(buckets=ports.buckets, now=server.now)
    yield (
        "tick: ended sign-ins",
        lambda: delete_ended_sign_ins(
            accounts=ports.accounts, audit=ports.audit, tasks=ports.recurring_tasks, now=server.now
        ),
    )


class Watched:
    """An engine whose statements are kept while a question is asked."""

    def __init__(self, engine):
        self.engine, self.asked = engine, []
        self.is_mysql = engine.dialect.name == "mysql"
        event.listen(engine, "before_cursor_execute", self._keep)

    def _keep(self, _connection, _cursor, statement, given, _context, is_many):
        if not is_many and not statement.startswith(("BEGIN", "SHOW", "PRAGMA", "SAVEPOINT", "EXPLAIN", "ROLLBACK")):
            self.asked.append((statement, given))

    def measured(self, ask, *, times):
        """Ask; give the median of the milliseconds, the statements of once, and the rows that the server touched."""
        if times > 1:
            ask()
        took, rows = [], None
        for _ in range(times):
            before, _ = self.touched(), self.asked.clear()
            began = time.perf_counter()
            ask()
            took.append(1000 * (time.perf_counter() - began))
            said = list(self.asked)
            rows = self.touched() - before if self.is_mysql else None
        return statistics.median(took), said, rows

    def touched(self):
        """Count the rows that the server has read so far."""
        if not self.is_mysql:
            return 0
        with self.engine.connect() as connection:
            shown = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Handler_read%'")).all()
        return sum(int(value) for _, value in shown)

    def plan(self, statement, given):
        """Explain a statement, a line for each step."""
        word = "EXPLAIN" if self.is_mysql else "EXPLAIN QUERY PLAN"
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql(f"{word} {statement}", given).all()
        return [" ".join(map(str, row)) for row in rows]


def walks(line, large, *, is_mysql):
    """Name the large table that a plan's step reads from end to end, else give None."""
    of_mysql, of_sqlite = r"\d+ [A-Z ]+ (\w+) (ALL|index) ", r".*\bSCAN (\w+)"
    step = re.match(of_mysql if is_mysql else of_sqlite, line)
    return step[1] if step and step[1] in large else None


def measure(url, runs):
    """Fill a database, print what each question takes, and the plans of the heaviest."""
    migrate(url)
    server = Server(
        url, user_units_per_minute=10**9, user_units_at_once=10**9, address_units_per_minute=10**9, compare_wait_s=0
    )
    person, engine = server.user(), server.engine
    area_id, device = person.area()["id"], person.post("/api/devices", {"token": "x", "platform": "web"}).json
    began = time.perf_counter()
    sessions = fill(engine, user_id=1, area_id=area_id, runs=runs)
    name, session_id = engine.dialect.name, max(1, sessions // 2)
    print(f"\n{name}: {runs} tile runs, {runs // 10} images, alerts and places: {time.perf_counter() - began:.0f} s")
    if name == "mysql":
        with engine.begin() as connection:
            for table in (t.session_tiles, t.image_tiles, t.alert_details, t.place_sightings, t.deliveries):
                connection.execute(text(f"ANALYZE TABLE {table.name}"))
    large = {table.name for table in t.users.metadata.sorted_tables if _rows(engine, table) > MANY}
    watched = Watched(engine)
    place_id = min(session_id * TILES, runs) // 10 * 10
    ids = {"area_id": area_id, "session_id": session_id, "place_id": place_id, "device_id": device["id"]}
    ids |= {"image_id": place_id, "alert_id": 1}  # alerts are numbered from 1
    asked = [(each, ask, TIMES) for each, ask in ticks(server)]
    asked += [(each, ask, TIMES if is_reading else 1) for each, is_reading, ask in routes(person, ids)]
    asked += [("tick: a part of a purge", lambda: server.ports.areas.purge(area_id), 1)]
    found = []
    for each, ask, times in asked:
        ms, said, rows = watched.measured(ask, times=times)
        found.append((ms, each, said))
        print(f"{each:52} {len(said):3} statements {'' if rows is None else rows:>8} rows {ms:8.1f} ms", flush=True)
    few = [f"{route.method} {route.path}" for api in APIS for route in api.routes if _is_of_few(route)]
    print(f"not asked, of tables with few rows: {', '.join(few)}")
    whole = {}
    plans = {each: [watched.plan(*pair) for pair in said if _is_explained(pair[0])] for _, each, said in found}
    for each, steps in plans.items():
        for line in (line for lines in steps for line in lines):
            if table := walks(line, large, is_mysql=watched.is_mysql):
                whole.setdefault(each, set()).add(table)
    print(f"walk a table of more than {MANY} rows: {whole or 'none'}")
    for ms, each, _ in sorted(found, key=lambda one: one[0], reverse=True)[:10]:
        print(f"\n{each}: {ms:.1f} ms")
        for lines in plans[each]:
            print("   " + "\n   ".join(line[:150] for line in lines))
    engine.dispose()


def _rows(engine, table):
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _is_explained(statement):
    return statement.lstrip("(").startswith(("SELECT", "UPDATE", "DELETE"))


def main():
    """Fill both databases and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["sqlite", "mysql", "both"], default="both")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.engine != "mysql":
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder) / 'full.db'}", options.runs)
    if options.engine == "sqlite":
        return
    program = find_server()
    if program is None:
        print("MySQL or MariaDB: NOT RUN, there is no server")
        return
    server = start_server(program)
    try:
        measure(server.make("full"), options.runs)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
