"""The gate on a bare machine skips nothing in silence."""

import os
import subprocess

import pytest

from chalicelib.settings import read
from tests.support.databases.copies import REQUIRED as MYSQL
from tests.support.lambda_python import REQUIRED as LAMBDA_PYTHON
from tests.support.lambda_python import want_lambdas_python
from tests.support.sources import ROOT

TOOLS = ("mariadbd", "nginx", "rsync", "uv", "apt-get", "sudo")


@pytest.fixture
def run(tmp_path):
    """Give a way to run the gate with tools that do nothing, and a make that says what it was asked."""

    def tool(name, script):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    for name in TOOLS:
        tool(name, "exit 0")
    tool("make", f'echo "make $@ mysql=${MYSQL} python=${LAMBDA_PYTHON}"')
    tool("another", "echo 3.13")
    tool("lambdas", "echo 3.12")
    clean = {name: text for name, text in os.environ.items() if name not in {MYSQL, LAMBDA_PYTHON}}

    def run(python):
        given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LAMBDA_PYTHON": str(tmp_path / python)}
        command = [ROOT / ".ci" / "run"]
        return subprocess.run(command, env=clean | given, capture_output=True, text=True, check=False)

    return run


def test_with_lambdas_python_everything_is_demanded(run):
    done = run("lambdas")
    assert done.returncode == 0, done.stderr
    wanted = ("check", "simulate SEEDS=150 SEED=1 JOBS=2", "deploy-test")
    assert done.stdout.splitlines() == [f"make {target} mysql=1 python=1" for target in wanted]


@pytest.mark.parametrize("python", ["another", "nowhere"])
def test_without_it_nothing_passes(run, python):
    done = run(python)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No Python 3.12 answers" in done.stderr
    assert "the deploy test needs that Python" in done.stderr


def test_what_is_deployed_is_tested_on_lambdas_python_or_skipped_or_refused():
    want_lambdas_python("3.12", is_required=True)
    with pytest.raises(pytest.skip.Exception, match=r"and this is 3\.11"):
        want_lambdas_python("3.11", is_required=False)
    with pytest.raises(pytest.fail.Exception, match="make deploy-test looks for one"):
        want_lambdas_python("3.13", is_required=True)


def test_what_only_the_tests_read_is_no_unknown_setting():
    read({MYSQL: "1", LAMBDA_PYTHON: "1"})
