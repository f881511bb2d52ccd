"""Bring a database to the newest schema, with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = "bhuprahari-migrate"
_LOCK_WAIT_S = 60


def head() -> str:
    """Give the newest revision: they are numbered in their file names."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def revision_of(connection: Connection) -> str | None:
    """Give a database's revision, without paying a second for importing Alembic; None where none has run."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_at_head(engine: Engine) -> bool:
    """Say whether there is nothing to migrate."""
    with engine.connect() as connection:
        return revision_of(connection) == head()


def to_head(engine: Engine) -> str:
    """Run every migration that has not run; give the revision reached.

    Two at once are harmless: on MySQL the second waits for a named lock, on SQLite for the writing transaction.
    """
    if is_at_head(engine):
        return head()
    from alembic import command  # noqa: PLC0415 (only the migrate function and a start at home pay for it)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        is_mysql = connection.dialect.name == "mysql"
        if is_mysql:
            _take_lock(connection)
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if is_mysql:
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": _LOCK})
                connection.commit()
    return head()


def _take_lock(connection: Connection) -> None:
    taken = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": _LOCK, "wait": _LOCK_WAIT_S}).scalar()
    connection.commit()
    if taken != 1:
        raise TimeoutError(f"another migration is still running after {_LOCK_WAIT_S} s")
