"""A database that has no room, no memory or no time is away, and costs no try; a statement that is wrong is told."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from chalicelib.adapters.database.engine import make_engine, reads, writes
from chalicelib.domain.errors import Unavailable
from infra.runtime.invoke import NotNow, failure_of

WITHOUT_ROOM = (3, 20, 1021, 1030, 1114, 1180)  # a file, a disk, a storage engine's, a table's, that of a commit
WITHOUT_MEMORY = (5, 1037, 1038, 1041)
WITHOUT_TIME = (1205, 1213)


class Asking:
    """What runs one statement, as the adapters do."""

    def __init__(self, engine):
        self.engine = engine.execution_options(sleep=lambda _s: None)

    @reads
    def read(self, connection, statement):
        connection.execute(text(statement))

    @writes
    def write(self, connection, statement):
        connection.execute(text(statement))


@pytest.fixture
def asking(mysql_url):
    """Give it on the engine whose errors can be ordered."""
    engine = make_engine(mysql_url)
    yield Asking(engine)
    engine.dispose()


@pytest.mark.parametrize("number", [*WITHOUT_ROOM, *WITHOUT_MEMORY, *WITHOUT_TIME])
def test_a_server_that_cannot_now_is_away(asking, number):
    told = f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'No space left on device'"
    for ask in (asking.read, asking.write):
        with pytest.raises(Unavailable, match="the database does not answer") as raised:
            ask(told)
        assert type(failure_of(raised.value)) is NotNow


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELEC 1", ProgrammingError),
        ("INSERT INTO breakers (name, failures) VALUES ('x', NULL)", IntegrityError),
        ("SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406", DataError),
    ],
)
def test_a_statement_that_is_wrong_stays_what_it_is(asking, statement, kind):
    for ask in (asking.read, asking.write):
        with pytest.raises(kind) as raised:
            ask(statement)
        assert not isinstance(raised.value, Unavailable)
