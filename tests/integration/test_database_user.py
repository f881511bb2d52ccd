"""Who the functions are at the database, and who changes its tables."""

import json

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from chalicelib.adapters.database.schema.migrate import head
from chalicelib.adapters.database.schema.mysql_grants import (
    MIGRATOR,
    ROWS,
    TABLES,
    ensure_user,
    migrate_as_master,
    migration_user,
)
from chalicelib.domain.errors import Invalid, Unavailable
from tests.support.databases.copies import GIVEN, REQUIRED
from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server

MASTER = json.dumps({"username": "m", "password": "p"})
DDL = (
    "CREATE TABLE more (id INT)",
    "ALTER TABLE users ADD COLUMN more INT",
    "CREATE INDEX more ON users (created_at)",
    "DROP TABLE users",
    "TRUNCATE TABLE users",
    "DROP DATABASE stage",
    "CREATE DATABASE more",
    "CREATE USER 'more'@'%'",
    "GRANT SELECT ON stage.* TO 'bhuprahari_migrate'@'%'",
)


@pytest.mark.parametrize("url", ["mysql+pymysql://a'b:p@h/d", "mysql+pymysql://a:p@h/d`e", "mysql+pymysql://h/d"])
def test_a_name_that_would_need_quoting_is_refused(url):
    with pytest.raises(Invalid, match="letters and digits"):
        ensure_user(url, MASTER)
    with pytest.raises(Invalid, match="letters and digits"), migration_user(url.replace("a'b", ""), MASTER):
        pass


def test_a_server_that_is_away_is_said_to_be():
    with pytest.raises(Unavailable, match="cannot make the functions' user"):
        ensure_user("mysql+pymysql://a:p@127.0.0.1:9/d", MASTER)
    with pytest.raises(Unavailable, match="cannot make the migration's user"):
        migration_user("mysql+pymysql://a:p@127.0.0.1:9/d", MASTER).__enter__()


@pytest.fixture(scope="module")
def server():
    """Give a server of this module's own, whose master is as RDS makes it: over everything, and may hand it on."""
    import os

    program = find_server()
    if os.environ.get(GIVEN) or not program:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(HOW_TO_GET_ONE)
        pytest.skip(HOW_TO_GET_ONE)
    sql = "CREATE USER 'm'@'%' IDENTIFIED BY 'p';\nGRANT ALL ON *.* TO 'm'@'%' WITH GRANT OPTION;\n"
    started = start_server(program, sql=sql)
    started.make("stage")
    yield started
    started.stop()


@pytest.fixture
def url(server):
    return f"mysql+pymysql://bhuprahari_app:secret@127.0.0.1:{server.port}/stage"


def refused(url, statements):
    """Give the statements that a user may not run."""
    found = []
    engine = create_engine(url)
    for statement in statements:
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except DBAPIError as error:
            if "denied" not in str(error.orig):
                raise
            found.append(statement)
    engine.dispose()
    return found


def test_the_functions_write_rows_and_change_no_table_and_migration_does(url):
    for _ in range(2):
        assert migrate_as_master(url, MASTER) == head()
    assert refused(url, DDL) == list(DDL)
    rows = (
        "INSERT INTO breakers SELECT * FROM breakers",
        "UPDATE users SET email = email",
        "DELETE FROM users",
        "SELECT version_num FROM alembic_version",
    )
    assert refused(url, rows) == []


def test_what_an_earlier_release_granted_is_taken_back(url, server):
    """That release's user had created the tables itself."""
    ensure_user(url, MASTER)
    master = f"mysql+pymysql://m:p@127.0.0.1:{server.port}"
    assert refused(master, [f"GRANT {ROWS}, {TABLES} ON stage.* TO 'bhuprahari_app'@'%'"]) == []
    assert refused(url, ["CREATE TABLE theirs (id INT)", "DROP TABLE theirs"]) == []
    migrate_as_master(url, MASTER)
    assert refused(url, DDL) == list(DDL)


def test_nobody_is_the_migrations_user_before_or_after(url):
    ensure_user(url, MASTER)
    seen = []
    for _ in range(2):
        with migration_user(url, MASTER) as as_migrator:
            seen.append(as_migrator)
            assert make_url(as_migrator).username == MIGRATOR
            assert refused(as_migrator, ["CREATE TABLE m (id INT)", "DROP TABLE m"]) == []
            assert refused(as_migrator, ["CREATE DATABASE more", "SELECT user FROM mysql.user"]) != []
    assert len(set(seen)) == 2
    with pytest.raises(RuntimeError, match="a migration that failed"), migration_user(url, MASTER) as as_migrator:
        raise RuntimeError("a migration that failed")
    for each in (*seen, as_migrator):
        with pytest.raises(DBAPIError, match=r"denied|locked"):
            create_engine(each).connect()
