"""A database that hangs, one that is full of work, and one writer who does not end: each is a 503, and in time."""

import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from chalicelib.adapters.database.areas import SqlAreas
from chalicelib.adapters.database.engine import check, make_engine
from chalicelib.adapters.database.schema.migrate import to_head
from chalicelib.adapters.database.timeouts import FRESH_S
from chalicelib.application.patience import awaited
from chalicelib.domain.errors import Unavailable
from tests.support.builders.domain import NOON, a_new_area
from tests.support.databases.mysql_server import find_server, start_server
from tests.support.timing import wait_until
from tests.support.trip import ALL, Trip

IN_TIME_S = 5.0


def seconds_to_refuse(deed):
    began = time.monotonic()
    with awaited(), pytest.raises(Unavailable):
        deed()
    return time.monotonic() - began


@pytest.fixture
def own_server():
    program = find_server()
    if program is None:
        pytest.skip("no MySQL server to stop")
    server = start_server(program)
    yield server
    server.stop()


def process_of(server):
    return int((server.folder / "pid").read_text())


def has_stopped(process):
    """Whether each thread of a process stands still."""
    states = [each.read_text().rpartition(") ")[2][0] for each in Path(f"/proc/{process}/task").glob("*/stat")]
    return set(states) == {"T"}


def test_a_database_that_hangs_is_told_in_time_and_goes_on_by_itself(own_server):
    engine = make_engine(own_server.make("hanging"))
    to_head(engine)
    areas = SqlAreas(engine)
    areas.of_user(1, page=ALL)
    os.kill(process_of(own_server), signal.SIGSTOP)
    wait_until(lambda: has_stopped(process_of(own_server)), within_s=10)  # the last of its threads may still answer
    try:
        # a connection of before, and then none: opening one hangs as well
        took = [seconds_to_refuse(lambda: areas.of_user(1, page=ALL)) for _ in range(3)]
        took.append(seconds_to_refuse(lambda: check(engine)))
    finally:
        os.kill(process_of(own_server), signal.SIGCONT)
    assert max(took) < IN_TIME_S, took
    assert areas.of_user(1, page=ALL).items == []
    engine.dispose()


def test_a_statement_that_hangs_is_told_in_time_and_a_workers_ends(mysql_url):
    engine = make_engine(mysql_url)

    class Slow(SqlAreas):
        pass

    from chalicelib.adapters.database.engine import reads

    slow = reads(lambda self, connection, seconds: connection.execute(text(f"SELECT SLEEP({seconds})")).scalar())
    assert seconds_to_refuse(lambda: slow(Slow(engine), 30)) < IN_TIME_S
    assert slow(Slow(engine), 3) == 0, "what nobody waits for is not cut short"
    engine.dispose()


def test_a_pool_that_is_exhausted_is_unavailable_and_no_fault(database_url):
    engine = make_engine(database_url, connections=1)
    held = [engine.connect() for _ in range(11 if make_url(database_url).drivername == "sqlite" else 1)]
    areas = SqlAreas(engine)
    assert seconds_to_refuse(lambda: areas.of_user(1, page=ALL)) < IN_TIME_S
    assert seconds_to_refuse(lambda: areas.add(a_new_area(1), now=NOON, most_areas=1000)) < IN_TIME_S
    assert seconds_to_refuse(lambda: check(engine)) < IN_TIME_S
    for each in held:
        each.close()
    assert areas.of_user(1, page=ALL).items == []
    engine.dispose()


def test_the_one_writer_of_sqlite_is_waited_for_by_a_person_briefly_and_by_a_worker_long(databases, tmp_path):
    url = databases("sqlite").migrated(tmp_path)
    engine = make_engine(url)
    trip = Trip(engine)
    writer = sqlite3.connect(make_url(url).database, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    assert seconds_to_refuse(trip.add_area) < IN_TIME_S
    threading.Timer(4.0, lambda: writer.execute("ROLLBACK")).start()
    assert trip.add_area().area_id, "a worker waits for longer than a person does"
    engine.dispose()


def test_an_error_of_the_database_does_not_tell_what_was_in_the_statement(engine):
    with engine.connect() as connection, pytest.raises(Exception, match="no_such") as caught:
        connection.execute(text("SELECT * FROM no_such WHERE email = :email"), {"email": "asha@example.org"})
    assert "asha" not in str(caught.value)


def test_connections_that_the_server_closed_are_replaced(own_server):
    engine = make_engine(own_server.make("closed"))
    to_head(engine)
    areas = SqlAreas(engine)
    areas.of_user(1, page=ALL)
    with make_engine(own_server.make("other")).connect() as other:
        for row in other.execute(text("SHOW PROCESSLIST")).all():
            if row.db == "closed":
                other.execute(text(f"KILL {row.Id}"))
    time.sleep(2 * FRESH_S)
    assert areas.of_user(1, page=ALL).items == []


def test_a_connection_that_was_used_just_now_is_not_asked_whether_it_lives(own_server, monkeypatch):
    engine, asked = make_engine(own_server.make("asked")), []
    to_head(engine)
    areas = SqlAreas(engine)
    areas.of_user(1, page=ALL)
    monkeypatch.setattr("pymysql.connections.Connection.ping", lambda connection, reconnect: asked.append(reconnect))
    monkeypatch.setattr("chalicelib.adapters.database.timeouts.FRESH_S", 60)
    for _ in range(3):
        areas.of_user(1, page=ALL)
    assert asked == []
    monkeypatch.setattr("chalicelib.adapters.database.timeouts.FRESH_S", 0)
    areas.of_user(1, page=ALL)
    assert asked == [False]
