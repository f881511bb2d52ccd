"""Two users on a MySQL server, made with the right of the server's master: who serves, and who changes tables."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import to_head
from chalicelib.domain.errors import Invalid, Unavailable

# On this database's tables alone; no other database, no other user's rights.
ROWS = "SELECT, INSERT, UPDATE, DELETE"
TABLES = "CREATE, ALTER, DROP, INDEX, REFERENCES"
MIGRATOR = "bhuprahari_migrate"


def migrate_as_master(url: str, master: str) -> str:
    """Make the functions' user, then migrate as the migration's; return the revision. Raises Invalid, Unavailable."""
    ensure_user(url, master)
    with migration_user(url, master) as own:
        engine = make_engine(own, connections=1)
        try:
            return to_head(engine)
        finally:
            engine.dispose()


def ensure_user(url: str, master: str) -> None:
    """Make the functions' user of a URL, with its password: it reads and writes rows. Safe to repeat.

    A right over tables that an earlier release gave is taken back. `master` is the secret that RDS keeps, JSON with
    username and password. Raises Invalid, Unavailable.
    """
    own = _checked(url)
    with _as_master(own, master, what="make the functions' user") as connection:
        _make(connection, own, f"GRANT {ROWS}")
        connection.execute(text(f"REVOKE {TABLES} ON `{own.database}`.* FROM {_who(own)}"))


@contextmanager
def migration_user(url: str, master: str) -> Iterator[str]:
    """Give the URL of a user who may change tables as well, for as long as the block lasts; then nobody is that user.

    Its password is new each time and kept nowhere. Raises Invalid, Unavailable.
    """
    own = _checked(url).set(username=MIGRATOR, password=secrets.token_urlsafe(32))
    with _as_master(own, master, what="make the migration's user") as connection:
        _make(connection, own, f"GRANT {ROWS}, {TABLES}")
        connection.execute(text(f"ALTER USER {_who(own)} ACCOUNT UNLOCK"))
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        with _as_master(own, master, what="lock the migration's user") as connection:
            connection.execute(text(f"ALTER USER {_who(own)} ACCOUNT LOCK"))


def _checked(url: str) -> URL:
    own = make_url(url)
    if not re.fullmatch(r"\w+", own.username or "") or not re.fullmatch(r"\w+", own.database or ""):
        raise Invalid("the database's URL must name a user and a database, in letters and digits")
    return own


def _who(own: URL) -> str:
    return f"'{own.username}'@'%'"


def _make(connection: Connection, own: URL, grant: str) -> None:
    for statement in ("CREATE USER IF NOT EXISTS", "ALTER USER"):  # the second for one with another password
        connection.execute(text(f"{statement} {_who(own)} IDENTIFIED BY :password"), {"password": own.password})
    connection.execute(text(f"{grant} ON `{own.database}`.* TO {_who(own)}"))


@contextmanager
def _as_master(own: URL, master: str, *, what: str) -> Iterator[Connection]:
    secret = json.loads(master)
    at_server = own.set(username=secret["username"], password=secret["password"], database="")
    engine = make_engine(at_server.render_as_string(hide_password=False), connections=1)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise Unavailable(f"the database's master cannot {what}: {error.orig}") from error
    finally:
        engine.dispose()
