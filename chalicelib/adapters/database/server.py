"""What a MySQL server says of itself before anything runs on it. Errors are the driver's own: they name the cause."""

from __future__ import annotations

from sqlalchemy import Engine, text

from chalicelib.adapters.database.schema.migrate import revision_of


def version_and_revision(engine: Engine) -> tuple[str, str | None]:
    """Return the server's version as it says it, and the schema's revision, None without one."""
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT VERSION()")).scalar_one()), revision_of(connection)


def max_connections(engine: Engine) -> int:
    """Return how many connections the server takes at once."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT @@max_connections")).scalar_one())
