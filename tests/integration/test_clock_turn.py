"""Of all the clocks that run on one database, one ticks: on MariaDB, with barriers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from chalice import Chalice
from sqlalchemy import create_engine, text

from chalicelib.adapters.database.locks import ClockTurn
from infra.runtime.worker import Worker

CLOCKS = 8
HELD = "SELECT id FROM information_schema.processlist WHERE db = :name AND id <> CONNECTION_ID()"


@pytest.fixture
def turns(mysql_url):
    """Give clocks, each with an engine of its own, as processes have."""
    engines = [create_engine(mysql_url, pool_size=2, max_overflow=0) for _ in range(CLOCKS)]
    yield [ClockTurn(lambda engine=engine: engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def all_at_once(turns):
    together = threading.Barrier(len(turns))

    def ask(turn):
        together.wait(10)
        return turn.is_mine()

    with ThreadPoolExecutor(len(turns)) as pool:
        return list(pool.map(ask, turns))


def test_of_many_that_ask_at_once_one_has_the_turn_and_keeps_it(turns):
    first = all_at_once(turns)
    assert sum(first) == 1
    for _ in range(5):
        assert all_at_once(turns) == first


def test_a_turn_whose_connection_ends_goes_to_exactly_one_other(turns, mysql_url):
    name = mysql_url.rpartition("/")[2]
    had = all_at_once(turns).index(True)
    others = [turn for number, turn in enumerate(turns) if number != had]
    admin = create_engine(mysql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        held = connection.execute(text("SELECT IS_USED_LOCK(:lock)"), {"lock": turns[had].name_for(name)}).scalar_one()
        assert held in connection.execute(text(HELD), {"name": name}).scalars().all()
        connection.execute(text(f"KILL {int(held)}"))
    admin.dispose()
    end = time.monotonic() + 10
    while not any(answers := all_at_once(others)):
        assert time.monotonic() < end
    assert sum(answers) == 1
    assert turns[had].is_mine() is False, "its connection is gone: it says no, and asks anew"
    assert turns[had].is_mine() is False, "it is another's now"


def test_two_databases_of_one_server_have_a_turn_each(turns, databases, tmp_path):
    other_url = databases("mysql").empty(tmp_path)
    other = create_engine(other_url)
    assert turns[0].is_mine()
    assert ClockTurn(lambda: other).is_mine()
    other.dispose()
    databases("mysql").done(other_url)


def test_a_database_that_is_away_gives_no_turn(caplog):
    away = create_engine("mysql+pymysql://nobody:secret@127.0.0.1:9/x", connect_args={"connect_timeout": 1})
    assert ClockTurn(lambda: away).is_mine() is False
    assert "the clock waits for the database" in caplog.text


def test_two_clocks_fire_a_schedule_once(turns):
    app = Chalice("ticking", configure_logs=False)
    fired = []

    @app.schedule("rate(1 hour)")
    def tick(event):
        fired.append(event.time)

    class NoMailbox:
        def receive(self, queue):
            raise AssertionError("a clock reads no queue")

    parts = {"clock": lambda: datetime.now(UTC), "wakeup": threading.Event(), "threads": 0}
    clocks = [Worker(app, NoMailbox(), may_tick=turn.is_mine, **parts) for turn in turns[:2]]
    for clock in clocks:
        clock.start()
    end = time.monotonic() + 10
    while not fired and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(1.5)  # the other one looks every second
    assert len(fired) == 1
    assert all(clock.stop(within_s=5) for clock in clocks)
