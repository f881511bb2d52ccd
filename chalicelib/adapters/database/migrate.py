"""Bring a database to the newest schema, with Alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text

_LOCK = "bhuprahari-migrate"
_LOCK_WAIT_S = 60


def to_head(engine: Engine) -> str:
    """Run every migration that has not run; give the revision reached.

    Two at once are harmless: on MySQL the second waits for a named lock, on SQLite for the writing transaction.
    """
    from alembic import command  # noqa: PLC0415 (only the migrate function and a start at home pay for it)
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
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
    return ScriptDirectory.from_config(config).get_current_head() or ""


def _take_lock(connection: Connection) -> None:
    taken = connection.execute(text("SELECT GET_LOCK(:name, :wait)"), {"name": _LOCK, "wait": _LOCK_WAIT_S}).scalar()
    connection.commit()
    if taken != 1:
        raise TimeoutError(f"another migration is still running after {_LOCK_WAIT_S} s")
