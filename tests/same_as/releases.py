"""Releases as folders: an earlier one out of git, this one as a copy, and commands that run in them."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "548a6ad"
OURS = ("BHUPRAHARI_", "ALLOWED_ORIGINS", "FCM_DEFAULT_TARGETS", "CAPTURE_SCHEDULE", "COMPARE_WAIT_S", "REGISTRATION")
PYTHONS_OWN = ("PYTHONPATH", "PYTHONSAFEPATH", "PYTEST_")
COMMAND_WITHIN_S = 120


class NoRelease(Exception):
    """There is no such release here."""


def git(*arguments):
    """Ask git about this tree. Raises NoRelease with git's own words."""
    asked = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise NoRelease(f"{' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def commit_of(revision):
    return git("rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()


@contextmanager
def checked_out(revision):
    """Put an earlier release into a folder that goes away again, however this process ends up with it."""
    commit = commit_of(revision)
    with tempfile.TemporaryDirectory(prefix="bhu-was-") as folder:
        packed = git("archive", "--format=tar", commit)
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
        yield Path(folder).resolve()


@contextmanager
def copied():
    """Put this tree as it stands, uncommitted changes too, into a folder that goes away again."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").decode().split("\0")
    with tempfile.TemporaryDirectory(prefix="bhu-now-") as folder:
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                place = Path(folder) / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place)
        yield Path(folder).resolve()


def tree_of(revision):
    """Give the folder of a release; of this tree, where none is named."""
    return checked_out(revision) if revision else copied()


def environment(**settings):
    """Give this process's environment without any setting of the product, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, *PYTHONS_OWN))}
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    return kept | one_thread | {f"BHUPRAHARI_{name.upper()}": str(value) for name, value in settings.items()}


def run(tree, *command, **settings):
    """Run `python ...` in a release to its end; give the exit status and all that it said."""
    where = {"cwd": tree, "env": environment(**settings), "timeout": COMMAND_WITHIN_S}
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run([sys.executable, *command], check=False, **where, **said)
    return done.returncode, done.stdout


def told(tree, code, **settings):
    """Run a few lines of Python in a release; give what they print. Raises RuntimeError with what went wrong."""
    status, said = run(tree, "-c", code, **settings)
    if status:
        raise RuntimeError(f"in {tree.name}: {said[-2000:]}")
    return said
