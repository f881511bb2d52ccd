"""The clock of the database server, told without asking it each time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, event

from chalicelib.adapters.database.clock import LOOK_EVERY_S, DatabaseClock
from chalicelib.adapters.database.engine import make_engine

WRONG = datetime(2001, 1, 1, tzinfo=UTC)


class Ticks:
    """A monotonic clock that moves when it is told to."""

    def __init__(self):
        self.s = 100.0

    def __call__(self):
        return self.s


@pytest.fixture
def ticks():
    return Ticks()


def test_it_is_the_servers_time_and_not_this_machines(mysql_url, ticks):
    engine = make_engine(mysql_url)
    clock = DatabaseClock(lambda: engine, monotonic=ticks, otherwise=lambda: WRONG)
    now = clock()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)
    ticks.s += 30
    assert clock() - now == timedelta(seconds=30), "counted, not asked for"
    ticks.s += LOOK_EVERY_S
    assert clock() - now < timedelta(seconds=20), "and looked at again after a minute"
    engine.dispose()


def test_a_server_that_is_away_stops_no_clock(ticks):
    away = create_engine("mysql+pymysql://u:p@127.0.0.1:9/x")
    clock = DatabaseClock(lambda: away, monotonic=ticks, otherwise=lambda: WRONG)
    assert clock() == WRONG


def test_the_last_look_counts_on_while_the_server_is_away(mysql_url, ticks):
    engines = [make_engine(mysql_url), create_engine("mysql+pymysql://u:p@127.0.0.1:9/x")]
    clock = DatabaseClock(lambda: engines[0], monotonic=ticks, otherwise=lambda: WRONG)
    now = clock()
    engines.pop(0).dispose()
    ticks.s += 10 * LOOK_EVERY_S
    assert clock() - now == timedelta(seconds=10 * LOOK_EVERY_S)


def test_what_connecting_takes_does_not_put_it_off(mysql_url, ticks):
    engine = make_engine(mysql_url)
    event.listen(engine, "do_connect", lambda *_: setattr(ticks, "s", ticks.s + 30))
    clock = DatabaseClock(lambda: engine, monotonic=ticks, otherwise=lambda: WRONG)
    assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=10)
    engine.dispose()


def test_an_answer_that_took_long_moves_no_clock(mysql_url, ticks):
    engine = make_engine(mysql_url)
    clock = DatabaseClock(lambda: engine, monotonic=ticks, otherwise=lambda: WRONG)
    now = clock()
    event.listen(engine, "after_cursor_execute", lambda *_: setattr(ticks, "s", ticks.s + 40))
    ticks.s += LOOK_EVERY_S
    assert clock() - now == timedelta(seconds=LOOK_EVERY_S + 40)
    engine.dispose()
