"""A home of an earlier release is upgraded, or is put back as it was."""

import contextlib
import sqlite3

import pytest
from sqlalchemy import update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.schema.migrate import head
from infra.errors import OperatorError
from infra.ops import backups
from infra.ops.upgrade import upgrade
from tests.support.homes import DATABASE, content, made_in, run
from tests.support.old_home.restoring import REVISION
from tests.support.old_home.restoring import restore as restore_old_home


@pytest.fixture
def old_home(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    restore_old_home(f"sqlite:///{folder / DATABASE}", folder)
    return folder


def test_a_home_of_an_old_release_is_upgraded_and_agrees(old_home, to, capsys):
    status, said, why = run(capsys, "--home", old_home, "upgrade", to)
    assert (status, why) == (0, "")
    (made,) = made_in(to)
    assert said == f"upgraded {old_home} from revision {REVISION} to {head()}; its backup is {made}\n"
    assert backups.check(made).revision == REVISION
    assert run(capsys, "--home", old_home, "verify") == (0, "all that is stored agrees\n", "")


def test_an_upgrade_that_fails_is_taken_back(old_home, to):
    before = content(old_home)
    rows = backups.rows_of(old_home / DATABASE)

    def half_way():
        with contextlib.closing(sqlite3.connect(old_home / DATABASE)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("DROP TABLE comparisons")
            connection.commit()
        raise OSError("the disk is full")

    says = rf"did not come out well \(the disk is full\): the home is at revision {REVISION} again, as it was"
    with pytest.raises(OperatorError, match=says):
        upgrade(old_home, to, migrate=half_way)
    assert backups.rows_of(old_home / DATABASE) == rows
    assert backups.state_of(old_home / DATABASE) == REVISION
    assert content(old_home).keys() - {"worker.lock"} == before.keys()


def test_an_upgrade_that_loses_rows_is_taken_back(filled, home, to):
    rows = backups.rows_of(home / DATABASE)

    def forgetful():
        with filled.engine.begin() as connection:
            connection.execute(t.comparisons.delete())
        filled.engine.dispose()
        return head()

    with pytest.raises(OperatorError, match=rf"of {rows['comparisons']} rows of comparisons there are 0"):
        upgrade(home, to, migrate=forgetful)
    assert backups.rows_of(home / DATABASE) == rows


def test_an_upgrade_tells_what_does_not_hold_and_goes_on(filled, home, to, capsys):
    with filled.engine.begin() as connection:
        connection.execute(update(t.alert_sessions).where(t.alert_sessions.c.id == 1).values(tiles_planned=99))
    filled.engine.dispose()
    status, said, why = run(capsys, "--home", home, "upgrade", to)
    assert (status, said.startswith("upgraded ")) == (0, True)
    assert "BROKEN  each planned tile has its tile run: session 1 planned 99, and has 4" in why


def test_without_a_home_nothing_is_upgraded(tmp_path, to):
    with pytest.raises(OperatorError, match="there is no home in "):
        upgrade(tmp_path, to, migrate=head)


def test_a_stage_is_backed_up_by_aws(capsys, tmp_path):
    status, _, why = run(capsys, "--stage", "dev", "backup", tmp_path)
    assert (status, why) == (1, "cannot do that: a stage is backed up by AWS: docs/restore.md says how to go back\n")
