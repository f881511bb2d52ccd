"""The server in containers, built and walked where an engine is at hand; else the summary says that it was not."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.e2e.trip_sample import block_area
from tests.support.running.client import PROJECT
from tests.support.running.containers import NOT_RUN, Containers, lack_of_an_engine


@pytest.mark.slow
def test_the_containers_are_built_and_walked(tmp_path):
    lack = lack_of_an_engine()
    if lack:
        pytest.skip(f"{NOT_RUN}: {lack}")
    with Containers(tmp_path) as containers:
        owner = containers.client()
        area = owner.add_area(**block_area(26.4, 80.3, 1, "In containers"))["id"]
        assert owner.supervise_now(area)["status"] == "COMPLETED_NO_CHANGES"
        containers.compose("restart", "api", "worker", "clock")
        containers.compose("restart", "nginx")
        again = containers.client()
        assert again.supervise_now(area)["countsByVerdict"].keys() == {"NO_NEW_IMAGERY"}, "what was stored is there"


def saying(returncode, words=""):
    return lambda *_, **__: SimpleNamespace(returncode=returncode, stdout="", stderr=words)


def missing(*_, **__):
    raise FileNotFoundError("no such program")


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (missing, "docker info: no such program"),
        (saying(1, "x\nCannot connect to the daemon"), "docker info: Cannot connect to the daemon"),
        (saying(0, "Cannot connect to the daemon"), "docker info: Cannot connect to the daemon"),
        (saying(0), None),
    ],
)
def test_what_is_missing_of_an_engine_is_said(run, said):
    assert lack_of_an_engine(run) == said


def test_an_engine_that_hangs_is_none():
    def hang(command, *, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    assert "timed out" in lack_of_an_engine(hang)


def test_the_summary_says_that_the_containers_were_not_run(tmp_path):
    """A run that skips in silence looks like one that found nothing."""
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'no engine here' >&2\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    here = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-m", "slow", "tests/e2e/test_containers.py"]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ | here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{NOT_RUN}: docker info: no engine here" in done.stdout
