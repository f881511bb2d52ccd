"""What one machine keeps is its owner's alone: the home is 0700, its files 0600, also those of before."""

import os
import sqlite3
import stat
import subprocess
import sys

import pytest

from chalicelib.adapters.private_home import database_in, make_private
from tests.support.running.client import Server
from tests.support.sources import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def open_to_others(home):
    """Give what in a home others may read, with its mode."""
    found = {path: stat.S_IMODE(path.lstat().st_mode) for path in (home, *home.rglob("*"))}
    return {str(path): oct(mode) for path, mode in found.items() if mode & 0o077}


@pytest.fixture
def easy_going():
    """Stand where a process leaves everything to be read, as most systems have it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("easy_going")
def test_a_new_home_is_its_owners_alone(tmp_path):
    home = tmp_path / "deep" / "home"
    with Server(home, "--no-demo"):
        assert (home / "bhuprahari.db-wal").is_file(), "looked at while it runs"
        assert open_to_others(home) == {}
        assert {path.name for path in home.iterdir()} >= {"bhuprahari.db", "log.jsonl", "secrets"}
    command = [sys.executable, "-m", "infra.ops", "--home", str(home), "stuck"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert open_to_others(home) == {}


@pytest.mark.usefixtures("easy_going")
def test_what_an_earlier_release_left_open_is_shut(tmp_path):
    home = tmp_path / "home"
    (home / "images" / "1").mkdir(parents=True)
    (home / "log.jsonl").write_text("{}")
    connection = sqlite3.connect(home / "bhuprahari.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (id INT)")
    make_private(home)
    connection.execute("INSERT INTO t VALUES (1)")
    assert [path for path in open_to_others(home) if "/1" not in path] == [], "under images nobody else comes"
    connection.close()


@pytest.mark.usefixtures("easy_going")
def test_a_folder_with_other_things_keeps_its_mode_and_our_files_are_private(tmp_path):
    home = tmp_path / "project"
    home.mkdir()
    (home / "theirs.txt").write_text("x")
    for _ in range(2):
        assert database_in(home).is_file()
    assert set(open_to_others(home)) == {str(home), str(home / "theirs.txt")}


@pytest.mark.usefixtures("easy_going")
def test_a_folder_that_many_use_and_a_link_are_left_as_they_are(tmp_path):
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    make_private(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shared / "images").symlink_to(elsewhere)
    make_private(shared)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
