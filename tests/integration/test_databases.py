"""The databases of the tests are fresh every time: everything else that is tested stands on it."""

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate


def two_tables(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        number = "INTEGER PRIMARY KEY AUTO_INCREMENT" if url.startswith("mysql") else "INTEGER PRIMARY KEY"
        connection.execute(text(f"CREATE TABLE areas (id {number}, name VARCHAR(20))"))
        connection.execute(text("CREATE TABLE tiles (areas_id INTEGER, FOREIGN KEY (areas_id) REFERENCES areas (id))"))
    engine.dispose()


@pytest.fixture
def source(empty_database_url, tmp_path):
    given = make_url(empty_database_url)
    made = (
        SqliteDatabases(tmp_path, two_tables)
        if given.drivername == "sqlite"
        else MySqlDatabases(two_tables, given.render_as_string(hide_password=False))
    )
    yield made
    made.close()


def folder(tmp_path, name):
    (tmp_path / name).mkdir()
    return tmp_path / name


def add_area(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO areas (name) VALUES ('pond')"))
        connection.execute(text("INSERT INTO tiles SELECT MAX(id) FROM areas"))
        ids = connection.execute(text("SELECT id FROM areas")).scalars().all()
    engine.dispose()
    return ids


def test_the_next_test_finds_nothing_and_counts_from_one(source, tmp_path):
    for turn in ("first", "second"):
        url = source.migrated(folder(tmp_path, turn))
        assert add_area(url) == [1]
        source.done(url)


def test_two_at_once_do_not_see_each_other(source, tmp_path):
    one, other = (source.migrated(folder(tmp_path, name)) for name in ("one", "other"))
    assert add_area(one) == [1]
    assert add_area(other) == [1]


def test_a_transaction_left_open_does_not_stop_the_next_test(source, tmp_path):
    url = source.migrated(folder(tmp_path, "first"))
    left_open = create_engine(url).connect()
    left_open.execute(text("INSERT INTO areas (name) VALUES ('pond')"))
    source.done(url)
    assert add_area(source.migrated(folder(tmp_path, "second"))) == [1]
    left_open.invalidate()


def test_a_changed_schema_goes_with_its_test(source, tmp_path):
    url = source.migrated(folder(tmp_path, "first"))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE scratch (id INTEGER)"))
    engine.dispose()
    source.done(url)
    engine = create_engine(source.migrated(folder(tmp_path, "second")))
    assert sorted(inspect(engine).get_table_names()) == ["areas", "tiles"]
    engine.dispose()


def test_an_empty_database_has_no_table(empty_database_url):
    engine = create_engine(empty_database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_migrating_leaves_the_tables_of_the_wire(database_url):
    engine = create_engine(database_url)
    names = {"users", "area_configs", "image_tiles", "alert_sessions", "session_tiles", "alert_details"}
    assert names <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_migrating_twice_changes_nothing(database_url):
    migrate(database_url)
