"""A plain `chalice deploy` or `chalice package` that could not work ends with one sentence, before any call."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from infra.aws.plain_chalice import LOOKED_AFTER, check
from tests.support.sources import ROOT

LAMBDAS = (3, 12)
MADE = {"subnet_ids": ["subnet-a"], "security_group_ids": ["sg-1"]}


@pytest.fixture
def made(tmp_path):
    """Give a checkout whose stage dev was made whole, prod not at all."""
    (tmp_path / ".chalice").mkdir()
    path = tmp_path / ".chalice" / "config.json"
    found = json.loads((ROOT / ".chalice" / "config.json").read_text())
    found["stages"]["dev"] |= MADE
    for each in found["stages"]["dev"]["lambda_functions"].values():
        each.update({"layers": ["arn:layer"]} if "layers" in each else {})
    path.write_text(json.dumps(found))
    for policy in (ROOT / ".chalice").glob("policy-*.json"):
        (tmp_path / ".chalice" / policy.name).write_text(policy.read_text())
    return tmp_path


def stopped(root, *arguments, python=LAMBDAS, environment=None):
    try:
        check(["chalice", *arguments], root, environment=environment or {}, python=python)
    except SystemExit as end:
        return str(end)
    return ""


@pytest.mark.parametrize("command", ["deploy", "package"])
def test_a_stage_that_was_made_goes_on(made, command):
    assert stopped(made, command) == ""
    assert stopped(made, command, "--stage", "dev", "out") == ""


@pytest.mark.parametrize("command", ["deploy", "package"])
@pytest.mark.parametrize("python", [(3, 11), (3, 13), (3, 9)])
def test_another_python_is_stopped(made, command, python):
    said = stopped(made, command, python=python)
    assert said.startswith(f"chalice {command} stopped before any call to AWS: ")
    assert "\n" not in said
    assert f"{python[0]}.{python[1]}" in said
    assert "make deploy STAGE=dev" in said


@pytest.mark.parametrize("stage", [["--stage", "prod"], ["--stage=prod"]])
def test_a_stage_without_infrastructure_is_stopped(made, stage):
    assert "make infra STAGE=prod" in stopped(made, "package", *stage, "out")
    assert "make infra STAGE=dev" in stopped(ROOT, "deploy")  # as it is committed


@pytest.mark.parametrize("lost", ["subnet_ids", "security_group_ids"])
def test_half_of_a_network_is_none(made, lost):
    path = made / ".chalice" / "config.json"
    found = json.loads(path.read_text())
    found["stages"]["dev"][lost] = []
    path.write_text(json.dumps(found))
    assert "make infra STAGE=dev" in stopped(made, "deploy")


def test_a_function_without_its_layer_is_stopped(made):
    path = made / ".chalice" / "config.json"
    found = json.loads(path.read_text())
    found["stages"]["dev"]["lambda_functions"]["notify_session"]["layers"] = []
    path.write_text(json.dumps(found))
    assert "notify_session would be without their layers: make layers" in stopped(made, "deploy")


def test_a_policy_that_is_not_there_is_a_sentence(made):
    (made / ".chalice" / "policy-dev-operate.json").unlink()
    assert "policy-dev-operate.json is not there: make infra STAGE=dev" in stopped(made, "deploy")


def test_production_goes_by_cloudformation(made):
    assert "make deploy STAGE=prod" in stopped(made, "deploy", "--stage", "prod")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stages": {"dev": []}}', '{"stages": {"dev": {}}}'])
def test_a_configuration_that_cannot_be_read_is_a_sentence(made, text):
    (made / ".chalice" / "config.json").write_text(text)
    assert "no stage dev in .chalice/config.json that can be read" in stopped(made, "deploy")
    assert "no stage live" in stopped(made, "deploy", "--stage", "live")


def test_other_commands_and_our_own_are_let_through():
    for command in (["local"], ["delete", "--stage", "dev"], ["url"], []):
        assert stopped(ROOT, *command, python=(3, 9)) == ""
    assert stopped(ROOT, "package", python=(3, 9), environment={LOOKED_AFTER: "1"}) == ""


@pytest.mark.parametrize("command", [["deploy"], ["package", "out"], ["deploy", "--stage", "prod"]])
def test_typed_it_is_one_line_and_not_a_traceback(command, tmp_path):
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "BHUPRAHARI_"))}
    environment = kept | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "ap-south-1"}
    for name in ("app.py", "chalicelib", "infra", ".chalice"):
        (tmp_path / name).symlink_to(ROOT / name)
    program = [sys.executable, "-B", "-c", "import sys; from chalice.cli import main; sys.exit(main())"]
    done = subprocess.run(
        [*program, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    said = [line for line in (done.stdout + done.stderr).splitlines() if "Warning" not in line]
    assert len(said) == 1
    assert said[0].startswith(f"chalice {command[0]} stopped before any call to AWS: ")
    assert not (tmp_path / "out").exists()


def test_a_python_too_old_for_chalicelib_reads_the_check():
    """It stands on the standard library alone: any Python 3 that is here reads it."""
    for name in ("python3.9", "python3.10", "python3.11", "python3.13"):
        if (python := shutil.which(name)) and answers(python):
            code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
            code += "from infra.aws import plain_chalice\nplain_chalice.check(['chalice', 'deploy'], Path('.'))"
            done = subprocess.run([python, "-I", "-B", "-c", code], capture_output=True, text=True, check=False)
            assert done.stderr.startswith("chalice deploy stopped before any call to AWS")


def answers(python):
    """A shim of pyenv may be on the PATH and not answer."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
