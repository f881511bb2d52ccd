"""A migration while everything runs: old code on the new schema, new code on the old, two deploys at once."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.exc import DBAPIError

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.database.schema.migrate import MIGRATIONS, head, revision_of, to
from chalicelib.adapters.database.tables import area_configs, chores
from chalicelib.domain.errors import Unavailable
from tests.support.builders.domain import NOON, a_change
from tests.support.databases.revisions import revisions
from tests.support.old_code.recording import FOLDER, Broken, a_whole_trip, file_of, record, say_again
from tests.support.sources import ROOT
from tests.support.trip import Trip

RECORDED = sorted({path.name[:4] for path in FOLDER.glob("*.json")})
BEFORE_HEAD = [None, *(path.name[:4] for path in revisions()[:-1])]
ADD = 'op.add_column("area_configs", sa.Column("mood", sa.String(8), server_default="calm", nullable=False))'
INDEX = 'op.create_index("ix_area_configs_name", "area_configs", ["name"])'
RENAME = 'op.execute("ALTER TABLE area_configs RENAME COLUMN cadence_hours TO cadence")'
DEMAND = "op.execute(\"ALTER TABLE chores ADD COLUMN owner VARCHAR(9) NOT NULL CHECK (owner <> '')\")"


@pytest.fixture
def empty(empty_database_url):
    made = make_engine(empty_database_url)
    yield made
    made.dispose()


def with_one_more(folder, up):
    """Give the migrations, and behind their head one more."""
    shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "9000_more.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '9000', '{head()}'\n\n"
        f"def upgrade():\n    {up}\n"
    )
    return folder / "migrations"


def revision_in(engine):
    with engine.connect() as connection:
        return revision_of(connection)


def recording(revision, engine):
    return json.loads(file_of(revision, engine.dialect.name).read_text(encoding="utf-8"))


def test_there_is_old_code_to_run():
    assert RECORDED
    assert set(RECORDED) <= {path.name[:4] for path in revisions()}
    assert {path.name for path in FOLDER.glob("*.json")} == {
        f"{r}-{d}.json" for r in RECORDED for d in ("mysql", "sqlite")
    }


@pytest.mark.parametrize("revision", RECORDED)
def test_old_code_works_on_the_new_schema(engine, revision):
    say_again(engine, recording(revision, engine))


@pytest.mark.parametrize("up", [ADD, INDEX], ids=["column", "index"])
def test_todays_code_works_on_tomorrows_schema(empty, tmp_path, up):
    to(empty, head())
    to(empty, "9000", migrations=with_one_more(tmp_path, up))
    assert revision_in(empty) == "9000"
    a_whole_trip(Trip(empty))


@pytest.mark.parametrize("up", [RENAME, DEMAND], ids=["renamed", "demanded"])
def test_a_schema_that_old_code_cannot_use_is_noticed(empty, tmp_path, up):
    to(empty, head())
    to(empty, "9000", migrations=with_one_more(tmp_path, up))
    with pytest.raises(Broken):
        say_again(empty, recording(RECORDED[-1], empty))
    with pytest.raises((Unavailable, DBAPIError)):
        a_whole_trip(Trip(empty))


def test_a_recording_is_the_whole_trip(engine):
    recorded = record(engine, lambda: a_whole_trip(Trip(engine)))
    verbs = {statement.split()[0] for statement in recorded["texts"]}
    assert {"SELECT", "INSERT", "UPDATE", "DELETE"} <= verbs
    written = " ".join(statement for statement in recorded["texts"] if not statement.startswith("SELECT"))
    for table in ("users", "area_configs", "alert_sessions", "session_tiles", "image_tiles", "comparisons", "outbox"):
        assert table in written
    for table in ("alert_details", "deliveries", "devices", "sign_ins", "chores"):
        assert table in written


@pytest.mark.parametrize("before", BEFORE_HEAD)
def test_new_code_on_an_older_schema_works_or_waits_and_loses_nothing(empty, before):
    """The functions are deployed, and only then `migrate` is invoked: until then they work, or say that they wait."""
    if before is not None:
        to(empty, before)
    try:
        a_whole_trip(Trip(empty))
    except Unavailable as waits:
        assert "the database's tables are not those of this code" in waits.reason  # noqa: PT017 (or it works)
    to(empty, head())
    trip = Trip(empty)
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    assert trip.run_session(area, "april", days=9, change=a_change(m2=900)).counts_by_verdict == {"CHANGED": 2}


@pytest.mark.parametrize("up", [ADD, INDEX], ids=["column", "index"])
def test_writes_go_on_while_a_migration_runs(empty, tmp_path, up):
    to(empty, head())
    trip = Trip(empty)
    for number in range(20):
        trip.add_area(name=f"Area {number}")
    stopping, longest, failures, writes = threading.Event(), [0.0], [], [0]

    def write():
        while not stopping.is_set():
            began = time.monotonic()
            try:
                with empty.begin() as connection:
                    connection.execute(update(area_configs).where(area_configs.c.id == 1).values(name="Renamed"))
                trip.add_area()
            except Exception as error:  # noqa: BLE001 (whatever it is, it is the finding)
                failures.append(error)
                return
            longest[0] = max(longest[0], time.monotonic() - began)
            writes[0] += 1

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    while not writes[0] and not failures:
        time.sleep(0.01)
    began = time.monotonic()
    to(empty, "9000", migrations=with_one_more(tmp_path, up))
    took, done = time.monotonic() - began, writes[0]
    while writes[0] == done and not failures:
        time.sleep(0.01)
    stopping.set()
    for writer in writers:
        writer.join()
    assert failures == []
    assert longest[0] < took + 2, "nobody waits much longer than the migration takes"


def test_a_ddl_that_would_block_fails_instead(empty, tmp_path):
    """What the rule about ALGORITHM is for: the server refuses, and nothing has changed."""
    if empty.dialect.name == "sqlite":
        up = 'op.execute("ALTER TABLE no_such_table ADD COLUMN name TEXT")'  # SQLite has no algorithms: any refusal
    else:
        up = 'op.execute("ALTER TABLE area_configs MODIFY name TEXT, ALGORITHM=INPLACE, LOCK=NONE")'
    to(empty, head())
    with pytest.raises(DBAPIError):
        to(empty, "9000", migrations=with_one_more(tmp_path, up))
    assert revision_in(empty) == head()
    a_whole_trip(Trip(empty))


def test_two_deploys_at_once_migrate_once(empty_database_url):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BHUPRAHARI_")}
    environment["BHUPRAHARI_DATABASE_URL"] = empty_database_url
    command = [sys.executable, "-m", "infra.migrate"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, cwd=ROOT, env=environment, **streams) for _ in range(2)]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert all(f"is at revision {head()}" in out for out, _ in told)


def test_many_threads_migrate_once(empty):
    """The same with everybody at one gate; each thread has its own connection, as each process has."""
    created, gate, failures = [], threading.Barrier(4), []

    def listen(_connection, _cursor, statement, *_rest):
        if statement.strip().startswith("CREATE TABLE chores"):
            created.append(statement)

    event.listen(empty, "before_cursor_execute", listen)

    def migrate():
        gate.wait()
        try:
            to(empty, head())
        except Exception as error:  # noqa: BLE001 (whatever it is, it is the finding)
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(created) == 1
    with empty.begin() as connection:
        connection.execute(insert(chores).values(name="x", next_due_at=NOON, cursor=""))
        assert connection.execute(text("SELECT COUNT(*) FROM alembic_version")).scalar() == 1


def test_a_database_that_is_away_is_a_sentence():
    environment = os.environ | {"BHUPRAHARI_DATABASE_URL": "mysql+pymysql://u:p@127.0.0.1:9/x"}
    command = [sys.executable, "-m", "infra.migrate"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cannot migrate: ")
    assert len(done.stderr.splitlines()) == 1


def test_sqlite_is_migrated_in_one_writing_transaction(tmp_path):
    """From before the revision is read, so that another process which waited finds the tables made."""
    engine, said = make_engine(f"sqlite:///{tmp_path}/empty.sqlite"), []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement.strip()))
    to(engine, head())
    engine.dispose()
    begun = max(place for place, statement in enumerate(said) if statement == "BEGIN IMMEDIATE")
    within = "\n".join(said[begun:])
    assert "CREATE TABLE alembic_version" in within
    assert "CREATE TABLE chores" in within


def test_a_setting_that_is_not_there_is_a_sentence():
    environment = os.environ | {"BHUPRAHARI_NO_SUCH": "x"}
    command = [sys.executable, "-m", "infra.migrate"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "cannot migrate: there is no setting BHUPRAHARI_NO_SUCH\n",
    )
