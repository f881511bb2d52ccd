"""The application's own user on a MySQL server, made with the right of the server's master."""

from __future__ import annotations

import json
import re

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from chalicelib.adapters.database.engine import make_engine
from chalicelib.domain.errors import Invalid, Unavailable

# What the tables and their migrations need; no other database, no other user's rights.
RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES"


def ensure_user(url: str, master: str) -> None:
    """Make the user of a URL, with its password and its rights. Safe to repeat.

    `master` is the secret that RDS keeps, JSON with username and password. Raises Invalid, Unavailable.
    """
    own, secret = make_url(url), json.loads(master)
    if not re.fullmatch(r"\w+", own.username or "") or not re.fullmatch(r"\w+", own.database or ""):
        raise Invalid("the database's URL must name a user and a database, in letters and digits")
    at_server = own.set(username=secret["username"], password=secret["password"], database="")
    engine = make_engine(at_server.render_as_string(hide_password=False), connections=1)
    who = f"'{own.username}'@'%'"
    try:
        with engine.begin() as connection:
            for statement in ("CREATE USER IF NOT EXISTS", "ALTER USER"):  # the second for one with another password
                connection.execute(text(f"{statement} {who} IDENTIFIED BY :password"), {"password": own.password})
            connection.execute(text(f"GRANT {RIGHTS} ON `{own.database}`.* TO {who}"))
    except DBAPIError as error:
        raise Unavailable(f"the database's master cannot make the functions' user: {error.orig}") from error
    finally:
        engine.dispose()
