"""Where a test stands says what it stands on, and no test module leans on another."""

import ast
import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests.support.no_io import LeftMemory, holding
from tests.support.sources import ROOT, files, text_of

OURS = [path for path in files("*.py") if path.parts[0] == "tests"]
# What a room holds beside its tests: commands that people start, and what only this room needs.
ROOMS = {"architecture", "bench", "browser", "contract", "deploy", "e2e", "integration", "same_as", "simulation"}
ROOMS |= {"support", "unit"}


def imported(source):
    """Name the modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def modules_of_tests(names):
    return {name for name in names if any(part.startswith("test_") for part in name.split(".")[:-1])}


def test_no_test_module_is_imported():
    found = {str(path): names for path in OURS if (names := modules_of_tests(imported(text_of(path))))}
    assert found == {}


def test_an_import_of_a_test_module_would_be_found():
    assert modules_of_tests(imported("def f():\n    from tests.unit.test_x import y")) == {"tests.unit.test_x.y"}
    assert modules_of_tests(imported("from tests.support.trip import test_x")) == set()


def test_what_tests_share_lies_in_support():
    """Beside the fixtures for databases nothing lies at the top; support leans on no room."""
    assert {path.name for path in OURS if len(path.parts) == 2} == {"conftest.py"}
    assert {path.parts[1] for path in OURS if len(path.parts) > 2} <= ROOMS
    shared = [path for path in OURS if path.parts[1] == "support"]
    assert shared
    rooms = tuple(f"tests.{room}." for room in ROOMS - {"support"})
    leaning = {str(path): [name for name in imported(text_of(path)) if name.startswith(rooms)] for path in shared}
    assert {path: names for path, names in leaning.items() if names} == {}
    assert [str(path) for path in shared if path.name.startswith("test_")] == []


def a_process():
    subprocess.run([sys.executable, "-c", ""], check=True)


def a_connection():
    with socket.socket() as one:
        one.connect(("127.0.0.1", 9))


def a_server():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))


def a_listing():
    return list(Path("/").iterdir())


def an_engine():
    create_engine("sqlite://").connect()


def a_server_of_mysql():
    create_engine("mysql+pymysql://u:p@127.0.0.1:9/d").connect()


def another_thread():
    found = []

    def deed():
        try:
            a_connection()
        except LeftMemory as error:
            found.append(error)

    thread = threading.Thread(target=deed)
    thread.start()
    thread.join()
    if found:
        raise found[0]


@pytest.mark.parametrize(
    "deed",
    [a_process, a_connection, a_server, a_listing, an_engine, a_server_of_mysql, another_thread]
    + [lambda: sqlite3.connect(":memory:"), lambda: os.system("true"), lambda: Path("/etc/hostname").read_text()],
)
def test_a_unit_test_that_leaves_memory_is_stopped_and_told(deed):
    with holding() as found, pytest.raises(LeftMemory, match="held to memory"):
        deed()
    assert found


@pytest.mark.parametrize("name", ["new.txt", "README.md"])
def test_nothing_is_written_either(tmp_path, name):
    for folder in (tmp_path, ROOT):
        with holding() as found, pytest.raises(LeftMemory):
            (folder / name).open("a")
        with holding(), pytest.raises(LeftMemory):
            (folder / "folder").mkdir()
        assert len(found) == 1


def test_what_is_caught_is_told_all_the_same():
    with holding() as found, contextlib.suppress(BaseException):
        Path("/etc/hostname").read_text()
    assert found == ["open: /etc/hostname"]


def test_the_projects_own_files_are_read_and_so_is_python():
    with holding() as found:
        assert (ROOT / "README.md").read_text(encoding="utf-8")
        assert sorted(ROOT.glob("*.md"))
        __import__("this")
        Path(os.devnull).open("w").close()
    assert found == []


def test_outside_of_a_unit_test_nothing_is_held(tmp_path):
    with holding():
        pass
    assert (tmp_path / "a").write_text("b")
    a_process()


def test_the_fixture_is_put_on_every_unit_test(tmp_path):
    """Nobody passes who leaves memory: not by a file, not if its code hides that, not for a folder."""
    tests = """
import pytest
def test_opens(): open("/etc/hostname")
def test_hides():
    with pytest.raises(BaseException): open("/etc/hostname")
def test_has_a_folder(tmp_path): pass
def test_stays(): assert 1
"""
    room = tmp_path / "unit"
    room.mkdir()
    (room / "conftest.py").write_text(text_of(Path("tests/unit/conftest.py")))
    (room / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", room, room]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    outcome = done.stdout.splitlines()[-1]
    assert "2 failed, 1 passed, 1 error" in outcome, done.stdout
