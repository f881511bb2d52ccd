"""How a process that works until it is told to stop hears of it, and how it leaves."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import NoReturn


class StopSignal:
    """Ctrl-C and SIGTERM, to be waited for. Made in the main thread."""

    def __init__(self, *, is_hasty: bool = False) -> None:
        self.event = threading.Event()  # for the other threads
        self._is_told, self._is_hasty = False, is_hasty
        self._woken, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        # The system may give a signal to any thread: only what is written here wakes the main one in every case.
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heard)

    def wait(self) -> None:
        """Wait until it is told, however long that is."""
        while not self._is_told:
            self._woken.recv(1)
        self.event.set()

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        # It sets no Event: one whose lock the interrupted code holds would never be set.
        if self._is_told and self._is_hasty:
            os._exit(130)  # asked twice: at once; everything that counts is in the database
        self._is_told = True


def leave(status: int) -> NoReturn:
    """End this process: taking its modules apart, which helps nobody, took seconds of a busy machine's stop."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
