"""A child does what its functions do to it, and its parent lives on: real processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from infra.runtime.children import Child, ChildOptions
from infra.runtime.invoke import Failed, NoAnswer, NotNow

APP = "tests.support.misbehaving:app"
PROJECT = Path(__file__).resolve().parents[2]
LIMIT_S, MEMORY_MIB = 30.0, 300
OF_A_PARENT = f"""
import sys, time
from infra.runtime.children import Child, ChildOptions
child = Child(ChildOptions(app={APP!r}, limit_s=600, memory_mib=0, log_path=None))
child.ready()
print(child._process.pid, flush=True)
child("misbehave", {{"do": sys.argv[1]}}) if sys.argv[1] != "wait" else time.sleep(600)
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BHUPRAHARI_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def child(home):
    made = Child(ChildOptions(app=APP, limit_s=LIMIT_S, memory_mib=MEMORY_MIB, log_path=home / "log.jsonl"))
    yield made
    made.close()


def do(child, what, **more):
    child("misbehave", {"do": what, **more})


def whose(child, folder):
    """Give the process id that the child sees, and the connections that it may keep."""
    do(child, "tell", path=str(folder / "told"))
    return [int(word) for word in (folder / "told").read_text().split()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid, *, within_s=10):
    end = time.monotonic() + within_s
    while is_alive(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.05)


def test_one_child_runs_call_after_call_in_a_process_of_its_own(child, tmp_path):
    first = whose(child, tmp_path)
    assert first[0] != os.getpid()
    assert whose(child, tmp_path) == first
    assert first[1] == 1, "it runs one function at a time, which needs one connection"
    child.close()
    assert not is_alive(first[0])
    assert whose(child, tmp_path)[0] != first[0], "and it may be asked again"


def test_what_a_function_prints_is_no_answer(child, capfd):
    do(child, "nothing")
    assert "printed by a function" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("what", "kind", "reason"),
    [
        ("crash", NoAnswer, "its process was ended by SIGSEGV"),
        ("stop", NoAnswer, "its process ended: 3"),
        ("fail", Failed, "ValueError: it does not like this land"),
        ("eat", Failed, "MemoryError"),
        ("away", NotNow, "chalicelib.domain.errors.Unavailable: the database does not answer"),
    ],
)
def test_what_became_of_a_call_is_told_and_the_next_one_is_well(child, tmp_path, what, kind, reason):
    before, _ = whose(child, tmp_path)
    with pytest.raises(kind) as told:
        do(child, what)
    assert str(told.value) == reason
    after, _ = whose(child, tmp_path)
    assert (after != before) == (kind is NoAnswer), "only one that is lost is replaced"


class NoThread(threading.Timer):
    """What the standard library does where the system has no thread left."""

    def start(self):
        raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("is_started", [True, False])
def test_a_call_that_nobody_could_watch_is_not_made(child, tmp_path, monkeypatch, is_started):
    before = whose(child, tmp_path) if is_started else None
    told = (tmp_path / "told").read_text() if is_started else None
    with monkeypatch.context() as patch:
        patch.setattr(threading, "Timer", NoThread)
        with pytest.raises(NotNow if is_started else NoAnswer, match="no thread could be started: can't start new"):
            do(child, "tell", path=str(tmp_path / "told again"))
    assert not (tmp_path / "told again").exists()
    with pytest.raises(Failed, match="it does not like this land"):
        do(child, "fail")
    do(child, "nothing")
    assert told is None or whose(child, tmp_path) != before


class Unreadable:
    """A pipe of which nothing can be read any more."""

    def __init__(self, pipe):
        self.close = pipe.close

    def readline(self):
        raise MemoryError


def test_an_answer_that_was_lost_is_not_taken_for_the_next_ones(child, tmp_path):
    before, _ = whose(child, tmp_path)
    child._process.stdout = Unreadable(child._process.stdout)
    with pytest.raises(NoAnswer, match="its answer was lost: MemoryError"):
        do(child, "nothing")
    with pytest.raises(Failed, match="it does not like this land"):
        do(child, "fail")
    do(child, "nothing")
    assert whose(child, tmp_path)[0] != before
    assert not is_alive(before)


def test_a_call_that_hangs_is_killed_at_its_limit(home):
    child = Child(ChildOptions(app=APP, limit_s=1.0, memory_mib=0, log_path=None))
    child.ready()  # the limit is the call's, not the start's
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="no answer within 1 s"):
        do(child, "hang")
    assert 1.0 <= time.monotonic() - began < 20
    do(child, "nothing")
    child.close()


def test_a_child_that_was_killed_between_two_calls_costs_no_call(child, tmp_path):
    pid, _ = whose(child, tmp_path)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # its last thread ends after its first
    assert whose(child, tmp_path)[0] != pid


def test_a_child_heeds_no_ctrl_c_and_no_sigterm(child, tmp_path):
    pid, _ = whose(child, tmp_path)
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert whose(child, tmp_path)[0] == pid


def test_an_app_that_cannot_be_imported_is_no_answer(home, capfd):
    child = Child(ChildOptions(app="tests.support.misbehaving:nothing", limit_s=1.0, memory_mib=0, log_path=None))
    with pytest.raises(NoAnswer, match="its process ended: 1"):
        child.ready()
    assert "has no attribute 'nothing'" in capfd.readouterr().out
    child.close()


@pytest.mark.parametrize("what", ["wait", "hang"])
def test_a_child_ends_with_its_parent(home, what):
    command = [sys.executable, "-c", OF_A_PARENT, what]
    parent = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    wait_until_gone(pid)
