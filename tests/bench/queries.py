"""What each list, detail and tick asks of a full database: statements, rows touched, milliseconds, and the plans.

Run as `make bench-queries`; `--runs 1000000` is the whole size. Rows touched are counted by MariaDB alone.
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, insert, text

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import to_head
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.places import PlaceFilter
from tests.support.builders.domain import NOON
from tests.support.databases.mysql_server import find_server, start_server
from tests.support.trip import Trip

AT_ONCE = 5_000
TILES = 2_500  # of a session
PAGE = PageRequest(50)


def fill(trip, runs):
    """Store many sessions of one area, a tenth of whose tile runs have an image and an alert."""
    area = trip.add_area(tiles=1)
    summary = {"counts": {"NO_CHANGE": TILES}, "severity": None, "clear_share": 1.0, "newest_captured_at": None}
    summary |= {"unseen": None, "failures": []}
    fixed = {"area_id": area.area_id, "cause": "SCHEDULED", "status": "COMPLETED_NO_CHANGES", "summary": summary}
    fixed |= {"started_at": NOON, "deadline_at": NOON, "ended_at": NOON, "tiles_planned": TILES}
    place = {"z": 17, "y": 7}
    run = place | {"state": "ENDED", "retry_at": NOON, "watched_m2": 1.0, "unseen_m2": 0.0, "ended_at": NOON}
    image = place | {"area_id": area.area_id, "tile_px": 1024, "margin_px": 128, "provider": "scripted"}
    image |= {"scene_id": "s", "fetched_at": NOON, "taken_at": NOON, "sha256": "0" * 64, "size_bytes": 1}
    image |= {"attribution": "a", "clear_share": 1.0, "is_usable": True, "status": "CHANGED"}
    log = {"severity": "low", "regions": [{"outline": "x" * 300}]}
    sessions = max(1, runs // TILES)
    with trip.engine.begin() as connection:
        connection.execute(insert(t.alert_sessions), [{"id": n, **fixed} for n in range(1, sessions + 1)])
    for start in range(1, runs + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, runs + 1))
        of = {n: min(sessions, 1 + (n - 1) // TILES) for n in numbers}
        seen = [n for n in numbers if n % 10 == 0]
        words = {n: "FAILED" if n % 50 == 1 else "CHANGED" if n % 10 == 0 else "NO_CHANGE" for n in numbers}
        with trip.engine.begin() as connection:
            rows = [run | {"id": n, "session_id": of[n], "x": n, "verdict": words[n]} for n in numbers]
            connection.execute(insert(t.session_tiles), rows)
            kept = [
                image | {"id": n, "tile_run_id": n, "session_id": of[n], "x": n, "object_key": str(n)} for n in seen
            ]
            connection.execute(insert(t.image_tiles), kept)
            told = {"reference_id": seen[0], "change_log": log, "created_at": NOON}
            alerts = [told | {"session_id": of[n], "tile_run_id": n, "image_id": n} for n in seen]
            connection.execute(insert(t.alert_details), alerts)
    return area, sessions


def questions(trip, area, session_id):
    """Yield each route's and each tick's question, by its name."""
    user = {"user_id": trip.user.user_id}
    yield "GET area-configs", lambda: trip.areas.of_user(**user, page=PAGE)
    yield "GET alerts/sessions", lambda: trip.sessions.of_user(**user, page=PAGE)
    yield "GET alerts/sessions/{id}", lambda: trip.sessions.get(session_id, **user)
    yield "GET …/details, …/alerts", lambda: trip.alerts.of_session(session_id, **user, page=PAGE)
    for name in ("failures", "unseen", "ignored"):
        yield f"GET …/{name}", lambda name=name: getattr(trip.alerts, name)(session_id, **user, page=PAGE)
    yield "GET image-tiles", lambda: trip.image_rows.of_area(area.area_id, **user, page=PAGE)
    yield "GET pushes", lambda: trip.deliveries.of_user(**user, page=PAGE)
    yield "GET places", lambda: trip.places.of_user(**user, wanted=PlaceFilter(), page=PAGE)
    later = NOON + timedelta(days=1)
    yield "tick: due", lambda: trip.areas.due(now=later, limit=1000)
    yield "tick: overdue", lambda: trip.sessions.overdue(now=later, limit=200)
    yield "tick: retry_stalled", lambda: trip.runs.retry_stalled(now=later, limit=200)
    yield "tick: retry pushes", lambda: trip.deliveries.retry_due(now=later, limit=200)
    yield "tick: deleted", lambda: trip.areas.deleted_with_rows(200)
    yield "tick: states", lambda: trip.state_notices.due(now=later, limit=200)
    yield "tick: left captures", lambda: trip.captures.delete_left_over(before=later, limit=1000)


def measure(engine, runs):
    """Print what each question takes."""
    trip, asked, rows = Trip(engine), [], []
    began = time.perf_counter()
    area, sessions = fill(trip, runs)
    is_mysql = engine.dialect.name == "mysql"
    print(
        f"\n{engine.dialect.name}: {runs} tile runs, {runs // 10} images and alerts, filled in "
        f"{time.perf_counter() - began:.0f} s"
    )
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, given, *_: asked.append((statement, given)))
    for name, ask in questions(trip, area, max(1, sessions // 2)):
        ask()
        before, _ = touched(engine) if is_mysql else 0, asked.clear()
        began = time.perf_counter()
        ask()
        ms = 1000 * (time.perf_counter() - began)
        said = [each for each in asked if not each[0].startswith(("BEGIN", "SHOW"))]
        count = touched(engine) - before if is_mysql else None
        rows.append((ms, name, said))
        print(f"{name:28} {len(said):3} statements {'' if count is None else count:>8} rows {ms:8.1f} ms")
    for ms, name, said in sorted(rows, key=lambda row: row[0], reverse=True)[:10]:
        print(f"\n{name}: {ms:.1f} ms")
        for statement, given in said:
            if statement.lstrip("(").startswith("SELECT"):
                print("   " + "\n   ".join(plan(engine, statement, given)))


def touched(engine):
    """Count the rows that the server has read so far."""
    with engine.connect() as connection:
        shown = connection.execute(text("SHOW GLOBAL STATUS LIKE 'Handler_read%'")).all()
    return sum(int(value) for _, value in shown)


def plan(engine, statement, given):
    """Explain a statement, a line for each step."""
    word = "EXPLAIN" if engine.dialect.name == "mysql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        return [" ".join(map(str, row))[:150] for row in connection.exec_driver_sql(f"{word} {statement}", given)]


def main():
    """Fill both databases and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'full.db'}")
        to_head(engine)
        measure(engine, runs)
        engine.dispose()
    program = find_server()
    if program is None:
        print("MySQL or MariaDB: NOT RUN, there is no server")
        return
    server = start_server(program)
    try:
        engine = make_engine(server.make("full"))
        to_head(engine)
        measure(engine, runs)
        engine.dispose()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
