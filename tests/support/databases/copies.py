"""Fresh, migrated databases for the tests, on both engines, at a few milliseconds each."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pymysql
from sqlalchemy import Connection, create_engine, make_url, text

from tests.support.databases.mysql_server import PrivateServer, find_server, start_server

REQUIRED = "BHUPRAHARI_REQUIRE_MYSQL"  # 1: a missing MySQL is an error, not a skip
GIVEN = "BHUPRAHARI_TEST_MYSQL"  # an SQLAlchemy URL of a server where databases may be created
KEPT = "alembic_version"


Migrate = Callable[[str], None]  # brings the database at a URL to head


class NoServer(Exception):
    """There is no MySQL to test on."""


def migrate(url: str) -> None:
    """Bring the database at a URL to head, as the product does."""
    from chalicelib.adapters.database.engine import make_engine
    from chalicelib.adapters.database.schema.migrate import to_head

    engine = make_engine(url)
    try:
        to_head(engine)
    finally:
        engine.dispose()


class SqliteDatabases:
    """SQLite files: one is migrated, the others are its copies."""

    product = "SQLite"

    def __init__(self, folder: Path, migrate: Migrate) -> None:
        self._template = folder / "template.sqlite"
        self._migrate = migrate

    def empty(self, folder: Path) -> str:
        """Give a database without a table."""
        return f"sqlite:///{folder}/empty.sqlite"

    def migrated(self, folder: Path) -> str:
        """Give a database at head."""
        if not self._template.exists():
            self._migrate(f"sqlite:///{self._template}")
            left = [path.name for path in self._template.parent.glob("template.sqlite-*")]
            assert not left, f"an open connection keeps {left}: a copy of the file would lack what is in there"
        shutil.copyfile(self._template, folder / "database.sqlite")
        return f"sqlite:///{folder}/database.sqlite"

    def done(self, url: str) -> None:
        """Take a database back; its folder goes with the test."""

    def close(self) -> None:
        """Nothing runs."""


class MySqlDatabases:
    """Databases on one server: migrated ones are emptied and given out again, because migrating takes seconds."""

    def __init__(self, migrate: Migrate, given: str | None) -> None:
        self._migrate = migrate
        self._server: PrivateServer | None = None
        if not given:
            program = find_server()
            if program is None:
                raise NoServer("no MySQL: the MySQL half of the database tests did not run")
            self._server = start_server(program)
            given = self._server.url
        self._url = make_url(given)
        self._admin = create_engine(self._url.set(database=None), isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self._made: list[str] = []
        self._free: list[str] = []
        self._at_head: dict[str, set[str]] = {}  # the tables of every migrated database
        with self._admin.connect() as admin:
            version = str(admin.scalar(text("SELECT VERSION()")))
        self.product = f"MySQL ({'MariaDB ' if 'MariaDB' in version else ''}{version.partition('-')[0]})"
        self._is_mysql = "MariaDB" not in version

    def empty(self, _folder: Path) -> str:
        """Give a database without a table."""
        name = f"bhuprahari_test_{os.getpid()}_{secrets.token_hex(4)}"
        with self._admin.connect() as admin:
            admin.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        self._made.append(name)
        return self._url.set(database=name).render_as_string(hide_password=False)

    def migrated(self, folder: Path) -> str:
        """Give a database at head."""
        if not self._free:
            url = self.empty(folder)
            self._migrate(url)
            name = str(make_url(url).database)
            with self._admin.connect() as admin:
                self._at_head[name] = set(self._counters(admin, name))
            self._free.append(name)
        name = self._free.pop()
        return self._url.set(database=name).render_as_string(hide_password=False)

    def done(self, url: str) -> None:
        """Take a database back: a migrated one emptied for the next test, any other dropped."""
        name = str(make_url(url).database)
        with self._admin.connect() as admin:
            end_connections(admin, name)
            counters = self._counters(admin, name)
            if self._at_head.get(name) == set(counters):
                wipe(admin, name, counters)
                self._free.append(name)
            else:  # an empty one, or a test changed its tables
                admin.execute(text(f"DROP DATABASE {name}"))
                self._made.remove(name)

    def close(self) -> None:
        """Leave a given server as it was; stop a private one."""
        if self._server is not None:
            self._admin.dispose()
            self._server.stop()
            return
        with self._admin.connect() as admin:
            for name in self._made:
                end_connections(admin, name)
                admin.execute(text(f"DROP DATABASE {name}"))
        self._admin.dispose()

    def _counters(self, admin: Connection, name: str) -> dict[str, int]:
        """Give every table's next id, 1 where it has none."""
        if self._is_mysql:
            admin.execute(text("SET SESSION information_schema_stats_expiry = 0"))  # it would show old counters
        listed = (
            "SELECT table_name, COALESCE(auto_increment, 1) FROM information_schema.tables WHERE table_schema = :name"
        )
        return {str(table): int(counter) for table, counter in admin.execute(text(listed), {"name": name})}


def wipe(admin: Connection, name: str, counters: dict[str, int]) -> None:
    """Empty every table. DELETE is quicker than TRUNCATE, but only this makes ids count from 1 again."""
    admin.execute(text("SET SESSION foreign_key_checks = 0"))
    for table, counter in counters.items():
        if table != KEPT:
            admin.execute(text(f"{'TRUNCATE TABLE' if counter > 1 else 'DELETE FROM'} {name}.{table}"))


def end_connections(admin: Connection, name: str) -> None:
    """End the connections that a test left open in a database: their locks would stop the next one."""
    listed = "SELECT id FROM information_schema.processlist WHERE db = :name AND id <> CONNECTION_ID()"
    for (connection,) in admin.execute(text(listed), {"name": name}).all():
        try:
            admin.execute(text(f"KILL {int(connection)}"))
        except Exception as error:
            original = getattr(error, "orig", None)
            if not isinstance(original, pymysql.MySQLError) or original.args[0] != 1094:  # it is gone already
                raise
