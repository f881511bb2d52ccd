"""The log of a home ends at a size, and no line is lost or mixed while several processes write and it is put aside."""

import os
import subprocess
import sys

import pytest

from infra.runtime.log_file import RotatingFile
from tests.support.sources import ROOT

LINES = 3_000
WRITER = """
import sys
from pathlib import Path
from infra.runtime.log_file import RotatingFile
log = RotatingFile(Path(sys.argv[1]), most_bytes=int(sys.argv[2]))
for number in range(int(sys.argv[4])):
    log.write(f"{sys.argv[3]} {number:05d} {'x' * 40}\\n".encode())
"""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="put aside where files can be locked")


def written(path):
    return [line for line in path.read_text().splitlines() if line]


def test_processes_that_write_at_once_lose_no_line_when_it_is_put_aside(tmp_path):
    path, writers = tmp_path / "log.jsonl", ("a", "b", "c", "d")
    bytes_in_all = len(writers) * LINES * 49
    command = [sys.executable, "-c", WRITER, str(path), str(bytes_in_all * 2 // 3)]
    running = [subprocess.Popen([*command, name, str(LINES)], cwd=ROOT) for name in writers]
    assert [process.wait(60) for process in running] == [0] * len(writers)
    aside = tmp_path / "log.jsonl.1"
    found = sorted(line[:7] for place in (aside, path) for line in written(place))
    assert found == sorted(f"{name} {number:05d}" for name in writers for number in range(LINES))
    assert {len(line) for place in (aside, path) for line in written(place)} == {48}
    assert [oct(place.stat().st_mode & 0o777) for place in (aside, path)] == ["0o600", "0o600"]


def test_a_home_holds_twice_the_size_at_most(tmp_path):
    path = tmp_path / "log.jsonl"
    log = RotatingFile(path, most_bytes=1_000)
    for number in range(500):
        log.write(f"{number:09d}\n".encode())
        assert sum(each.stat().st_size for each in tmp_path.iterdir()) <= 2_000
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log.jsonl", "log.jsonl.1"]
    assert written(path)[-1] == "000000499"
    log.close()
    log.close()


def test_a_log_that_somebody_took_away_is_begun_anew(tmp_path):
    path = tmp_path / "log.jsonl"
    log = RotatingFile(path, most_bytes=10)
    log.write(b"123456789\n")
    path.unlink()
    log.write(b"next\n")
    assert written(path) == ["next"]
