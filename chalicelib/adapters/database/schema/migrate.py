"""Bring a database to the newest schema, with Alembic."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = "bhuprahari-migrate"
_LOCK_WAIT_S = 60
_one_thread = threading.Lock()  # Alembic keeps what it is at in its modules: two threads would share it


def head(migrations: Path = MIGRATIONS) -> str:
    """Return the newest revision: they are numbered in their file names."""
    return max(path.name.partition("_")[0] for path in (migrations / "versions").glob("[0-9]*_*.py"))


def revision_of(connection: Connection) -> str | None:
    """Return a database's revision, without paying a second for importing Alembic; None where none has run."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def to_head(engine: Engine) -> str:
    """Run every migration that has not run; return the revision reached."""
    return to(engine, head())


def to(engine: Engine, revision: str, *, migrations: Path = MIGRATIONS) -> str:
    """Run every migration up to a revision that has not run; return the revision.

    Two at once are harmless: on MySQL the second waits for a named lock, on SQLite for the writing transaction.
    """
    with engine.connect() as connection:
        if revision_of(connection) == revision:
            return revision
    from alembic import command  # noqa: PLC0415 (only the migrate function and a start at home pay for it)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations))
    with _one_thread, engine.connect() as connection:
        is_mysql = connection.dialect.name == "mysql"
        if is_mysql:
            _take_lock(connection)
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
        finally:
            if is_mysql:
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _LOCK})
                connection.commit()
    return revision


def _take_lock(connection: Connection) -> None:
    taken = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": _LOCK, "wait": _LOCK_WAIT_S}).scalar()
    connection.commit()
    if taken != 1:
        raise TimeoutError(f"another migration is still running after {_LOCK_WAIT_S} s")
