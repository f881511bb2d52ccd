"""How a process that works until it is told to stop hears of it, and how it leaves."""

import subprocess
import sys

import pytest

from tests.support.running.client import PROJECT

TOLD_IN_ANOTHER_THREAD = """
import signal, threading, time
from infra.runtime.stopping import StopSignal, leave

def other():
    time.sleep(0.3)  # the main thread waits by then
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

stopping = StopSignal()
threading.Thread(target=other, daemon=True).start()
stopping.wait()
print("told", stopping.event.is_set())
leave(3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives no signal to a thread")
def test_a_signal_that_another_thread_was_given_is_heard():
    command = [sys.executable, "-c", TOLD_IN_ANOTHER_THREAD]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "told True\n", "")
