"""The real database adapter on SQLite in memory: a migrated template, loaded anew for each history.

`SimEngine` stands before the engine: each transaction has a step before it, one before its commit and one after. Inside
a transaction nobody else goes on, as SQLite has it. Triggers keep an account of what may happen once.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from chalicelib.adapters.database import engine as product
from chalicelib.adapters.database.schema.migrate import to_head
from tests.simulation.world import LEASE_S, World

ACCOUNT = """
CREATE TABLE sim_rewritten (id INTEGER PRIMARY KEY, run_id INTEGER, was TEXT, now TEXT);
CREATE TABLE sim_said (id INTEGER PRIMARY KEY, session_id INTEGER, status TEXT);
CREATE TABLE sim_states (id INTEGER PRIMARY KEY, area_id INTEGER, state TEXT);
CREATE TABLE sim_ended (id INTEGER PRIMARY KEY, run_id INTEGER, verdict TEXT);
CREATE TABLE sim_mixed (id INTEGER PRIMARY KEY, run_id INTEGER, verdict TEXT);
CREATE TABLE sim_held (id INTEGER PRIMARY KEY, run_id INTEGER, was TEXT, now TEXT);
CREATE TABLE sim_deserted (capture_id INTEGER);
CREATE TRIGGER sim_use_gone AFTER DELETE ON image_tiles WHEN OLD.capture_id IS NOT NULL
 AND NOT EXISTS (SELECT 1 FROM image_tiles i WHERE i.capture_id = OLD.capture_id)
BEGIN INSERT INTO sim_deserted (capture_id) VALUES (OLD.capture_id); END;
CREATE TRIGGER sim_verdict_again AFTER UPDATE OF verdict ON session_tiles WHEN OLD.verdict IS NOT NULL
BEGIN INSERT INTO sim_rewritten (run_id, was, now) VALUES (OLD.id, OLD.verdict, NEW.verdict); END;
CREATE TRIGGER sim_other_land AFTER UPDATE OF verdict ON session_tiles
 WHEN NEW.verdict NOT IN ('CANCELLED', 'FAILED') AND NEW.session_id <= (SELECT a.old_land_session_id
  FROM area_configs a JOIN alert_sessions s ON s.area_id = a.id WHERE s.id = NEW.session_id)
BEGIN INSERT INTO sim_mixed (run_id, verdict) VALUES (OLD.id, NEW.verdict); END;
CREATE TRIGGER sim_claimed_twice AFTER UPDATE OF fence ON session_tiles
 WHEN NEW.lease_until IS NOT OLD.lease_until
 AND OLD.lease_until > datetime(NEW.lease_until, '-LEASE seconds', '1 second')
BEGIN INSERT INTO sim_held (run_id, was, now) VALUES (OLD.id, OLD.lease_until, NEW.lease_until); END;
CREATE TRIGGER sim_verdict AFTER UPDATE OF verdict ON session_tiles WHEN NEW.verdict IS NOT NULL
BEGIN INSERT INTO sim_ended (run_id, verdict) VALUES (OLD.id, NEW.verdict); END;
CREATE TRIGGER sim_state AFTER INSERT ON area_states
BEGIN INSERT INTO sim_states (area_id, state) VALUES (NEW.area_id, TOLD_AS); END;
CREATE TRIGGER sim_state_again AFTER UPDATE OF state ON area_states
BEGIN INSERT INTO sim_states (area_id, state) VALUES (NEW.area_id, TOLD_AS); END;
CREATE TRIGGER sim_status AFTER UPDATE OF status ON alert_sessions WHEN NEW.status IS NOT OLD.status
BEGIN INSERT INTO sim_said (session_id, status) VALUES (NEW.id, NEW.status); END;
""".replace("LEASE", f"{LEASE_S:.0f}").replace(
    "TOLD_AS",  # a change hides no unseen ground beside it
    "CASE WHEN NEW.state = 'changed' AND NEW.unseen_m2 > 0.05 * NEW.watched_m2 THEN 'partly blind' ELSE NEW.state END",
)


def _error(words: str) -> OperationalError:
    return OperationalError("COMMIT", {}, sqlite3.OperationalError(words))


GONE = (partial(_error, "disk I/O error"),)
AWAY = (partial(_error, "unable to open database file"),)


def template() -> bytes:
    """Make an empty database at head, with the account's triggers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        engine = product.make_engine(f"sqlite:///{path}")
        to_head(engine)
        engine.dispose()
        with sqlite3.connect(path) as connection:
            connection.executescript(ACCOUNT)
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return path.read_bytes()


class Database:
    """One SQLite in memory for one process, and its engine with the product's own listeners."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.raw = sqlite3.connect(":memory:", check_same_thread=False, cached_statements=1000)
        self.engine = create_engine("sqlite://", poolclass=StaticPool, creator=lambda: self.raw)
        event.listen(self.engine, "connect", product._set_up_sqlite)
        event.listen(self.engine, "begin", product._begin_sqlite)
        self.writer = self.engine.connect()
        self.reading = _Reading(self.engine.connect().execution_options(**{product._READ_ONLY: True}))

    def reset(self) -> None:
        """Begin with an empty database at head."""
        self.raw.rollback()
        self.raw.deserialize(self._content)
        for pragma in ("foreign_keys=ON", "journal_mode=MEMORY"):
            self.raw.execute(f"PRAGMA {pragma}")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the database, beside the product."""
        return self.raw.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        """Look up one value."""
        row = self.raw.execute(query, values).fetchone()
        return row and row[0]


class _Reading:
    """The connection that reads, as the adapter asks for it."""

    def __init__(self, reader: Connection) -> None:
        self._reader = reader

    def execution_options(self, **_read_only: object) -> _Reading:
        return self

    def __enter__(self) -> Connection:
        return self._reader

    def __exit__(self, *_raised: object) -> None:
        self._reader.rollback()  # as a pool does with what it is given back


class SimEngine:
    """What the adapter has for an engine: two connections that stay open, one that writes and one that reads."""

    def __init__(self, world: World, database: Database, committed: Callable[[], None]) -> None:
        self._world, self._committed = world, committed
        self._writer, self._reading = database.writer, database.reading
        self._waits = {"sleep": world.sleep, "jitter": world.jitter}

    def get_execution_options(self) -> Any:
        """Return what the adapter finds its waits in."""
        return self._waits

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run a writing transaction."""
        world = self._world
        self._before("tx")
        with self._writer.begin():
            yield self._writer
            world.step("tx", "commit before", errors=GONE, can_switch=False)
        if world.crew.current is not None:
            self._committed()
            world.step("tx", "commit after", errors=GONE)

    def connect(self) -> _Reading:
        """Connect, to read."""
        self._before("read")
        return self._reading

    def _before(self, port: str) -> None:
        self._world.step(port, "before", errors=AWAY)
        if self._world.crew.current is not None and self._world.is_away("database away"):
            self._world.lose_records()
            trouble = AWAY[0]()
            raise trouble
