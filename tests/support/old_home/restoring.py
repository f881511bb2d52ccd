"""Restore the kept home into a folder and an empty database, and read what is kept beside it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import make_url

KEPT = Path(__file__).parent / "kept"
REVISION = "0003"  # of 548a6ad's database


def restore(url, folder, *, kept=KEPT):
    """Give a home's folder its images and secrets, and an empty database at a URL its tables and rows."""
    for name in ("images", "secrets"):
        shutil.copytree(kept / name, Path(folder) / name)
    restore_database(url, (kept / f"{make_url(url).get_backend_name()}.sql").read_text(encoding="utf-8"))


def restore_database(url, dump):
    """Run the statements of a dump in an empty database."""
    place = make_url(url)
    if place.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(place.database)) as connection:
            connection.executescript(dump)
        return
    who = {"user": place.username, "password": place.password, "database": place.database}
    options = {"charset": "utf8mb4", "client_flag": CLIENT.MULTI_STATEMENTS, "autocommit": True}
    there = {"host": place.host, "port": place.port or 3306}
    with pymysql.connect(**there, **who, **options) as connection, connection.cursor() as cursor:
        cursor.execute(dump)
        while cursor.nextset():  # so that an error of any statement is raised
            pass


def kept_json(engine, what):
    """Read what is kept for an engine as JSON: `held` or `statements`."""
    return json.loads((KEPT / f"{engine}-{what}.json").read_text(encoding="utf-8"))
