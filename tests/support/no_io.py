"""Holds a piece of code to memory alone: no file, no socket, no process, no database.

Python tells an audit hook of everything that leaves the process. The hook is installed once, cannot be taken out, and
looks at nothing unless somebody is `holding`. Reading the project's own files and Python's is no input or output: what
stands there is part of the code. So is what the tools keep beside it: compiled modules, Hypothesis's notes.
"""

import os
import sys
import sysconfig
import tempfile
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.support.sources import ROOT

PROCESSES = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn"}
PROCESSES |= {"subprocess.Popen"}
SOCKETS = {"socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
DATABASES = {"sqlite3.connect"}  # of MySQL only the socket can be seen
WRITES = {"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"}
WRITES |= {"shutil.rmtree", "tempfile.mkdtemp", "tempfile.mkstemp"}
LISTS = {"os.listdir", "os.scandir"}
TOOLS = ("__pycache__", ".hypothesis")
READABLE = tuple(
    os.path.realpath(place)
    for place in {str(ROOT), sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/usr/share/zoneinfo"}
)
MADE = tuple(str(ROOT / name) for name in ("build", ".local"))  # in the project's folder, and not of the project
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class LeftMemory(BaseException):
    """Code that is held to memory wanted out. No `except Exception` keeps it quiet."""


class _Watch:
    def __init__(self):
        self.found = []
        self.exempt = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}

    def refuse(self, event, what):
        self.found.append(f"{event}: {what}")
        raise LeftMemory(f"this is held to memory, and it wanted {event}: {what}")


_watches = []


@contextmanager
def holding():
    """Hold this thread, and those that it starts, to memory; give the list of what they wanted beyond it."""
    _install()
    watch = _Watch()
    _watches.append(watch)
    try:
        yield watch.found
    finally:
        _watches.remove(watch)


@cache
def _install():
    tempfile.gettempdir()  # looks for a folder by writing to it, once
    sys.addaudithook(_hook)


def _hook(event, given):
    if not _watches or threading.get_ident() in _watches[-1].exempt:
        return
    if event in PROCESSES or event in SOCKETS or event in DATABASES:
        _watches[-1].refuse(event, given[-1] if event in SOCKETS else given[0])
    if event == "open":
        path, mode, flags = given
        is_writing = bool(flags & WRITING) if isinstance(flags, int) else any(letter in mode for letter in "wax+")
        if not isinstance(path, int) and not _is_allowed(path, is_writing=is_writing):
            _watches[-1].refuse(event, path)
    elif (event in WRITES and not _is_allowed(given[0], is_writing=True)) or (
        event in LISTS and not isinstance(given[0], int) and not _is_listable(given[0] or ".")
    ):
        _watches[-1].refuse(event, given[0])


def _is_listable(path):
    return os.fsdecode(path) in sys.path or _is_allowed(path, is_writing=False)  # an import looks through sys.path


def _is_allowed(path, *, is_writing):
    text = os.path.realpath(os.fsdecode(path))
    if text == os.devnull or set(TOOLS) & set(Path(text).parts):
        return True
    return not is_writing and text.startswith(READABLE) and not text.startswith(MADE)
