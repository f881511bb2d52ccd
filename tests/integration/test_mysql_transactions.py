"""On MySQL a transaction that reads is only its statements, and one that writes is begun, and is whole or nothing."""

import pytest
from sqlalchemy import insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine, reads, writes
from chalicelib.domain.errors import Conflict
from tests.support.builders.domain import NOON

NAME = t.chores.c.name


class Chores:
    def __init__(self, engine):
        self.engine = engine

    @reads
    def names(self, connection):
        connection.execute(select(NAME)).all()
        return set(connection.execute(select(NAME)).scalars())

    @writes
    def add(self, connection, *names):
        for name in names:
            connection.execute(insert(t.chores).values(name=name, next_due_at=NOON))
        if "broken" in names:
            raise Conflict("none of these is added")

    def said(self):
        """Give how often its one connection began, committed and took back."""
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("SHOW SESSION STATUS WHERE Variable_name IN ('Com_begin', 'Com_commit', 'Com_rollback')")
            return {name: int(times) for name, times in cursor.fetchall()}
        finally:
            connection.close()


@pytest.fixture
def chores(mysql_url):
    engine = make_engine(mysql_url, connections=1)
    yield Chores(engine)
    engine.dispose()


def test_a_read_begins_and_ends_nothing(chores):
    before = chores.said()
    chores.names()
    assert chores.said() == before


def test_a_write_is_begun_and_committed_once(chores):
    before = chores.said()
    chores.add("one", "two")
    assert chores.names() >= {"one", "two"}
    after = {name: times - before[name] for name, times in chores.said().items()}
    assert after == {"Com_begin": 1, "Com_commit": 1, "Com_rollback": 0}


def test_a_write_that_fails_leaves_nothing_and_the_connection_free(chores):
    known, before = chores.names(), chores.said()
    with pytest.raises(Conflict):
        chores.add("one", "broken")
    assert chores.names() == known
    after = {name: times - before[name] for name, times in chores.said().items()}
    assert after == {"Com_begin": 1, "Com_commit": 0, "Com_rollback": 1}
    chores.add("one")
    assert chores.names() == known | {"one"}


def test_each_statement_of_a_read_sees_what_was_committed_before_it(chores, mysql_url):
    other = make_engine(mysql_url, connections=1)
    try:
        seen = []

        class Watching(Chores):
            @reads
            def twice(self, connection):
                seen.append(set(connection.execute(select(NAME)).scalars()))
                Chores(other).add("meanwhile")
                seen.append(set(connection.execute(select(NAME)).scalars()))

        Watching(chores.engine).twice()
    finally:
        other.dispose()
    assert seen[1] - seen[0] == {"meanwhile"}
