"""What a hand may make of .chalice/config.json, and what the commands that read it say then."""

from __future__ import annotations

import json
from pathlib import Path

from infra.stages import OF_A_STAGE, OF_THE_FILE
from tests.support.sources import ROOT

WHOLE = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))


def _without(path: str) -> str:
    """Give the file with one thing taken out."""
    changed = json.loads(json.dumps(WHOLE))
    place, names = changed, path.split(".")
    for name in names[:-1]:
        place = place[name]
    del place[names[-1]]
    return json.dumps(changed)


def _of_the_release_before() -> str:
    """Give the file as a stage has it whose operator has not renamed the function yet."""
    changed = json.loads(json.dumps(WHOLE))
    functions = changed["stages"]["dev"]["lambda_functions"]
    functions["sweep"] = functions.pop("reconcile") | {"iam_policy_file": "policy-dev-sweep.json"}
    return json.dumps(changed)


BROKEN_CONFIGURATIONS = [
    (None, ".chalice/config.json cannot be read (No such file or directory): git checkout"),
    ("{", ".chalice/config.json cannot be read (Expecting property name"),
    ("[]", ".chalice/config.json has lost its stages: git diff"),
    ("{}", ".chalice/config.json has lost its stages: git diff"),
    ('{"stages": ["dev"]}', ".chalice/config.json has lost its stages: git diff"),
    ('{"stages": {"dev": 1}}', "there is no stage dev in .chalice/config.json"),
    ('{"stages": {"dev": {"environment_variables": []}}}', ".chalice/config.json has lost app_name: git diff"),
    *((_without(path), f"has lost {path}: git diff") for path in OF_THE_FILE),
    *((_without(f"stages.dev.{path}"), f"has lost stages.dev.{path}: git diff") for path in OF_A_STAGE),
    (_of_the_release_before(), "still has the function sweep, which is called reconcile now: rename it there"),
]


def break_configuration(root: Path, text: str | None) -> None:
    """Write a broken file under a root; None leaves it away."""
    (root / ".chalice").mkdir()
    if text is not None:
        (root / ".chalice" / "config.json").write_text(text, encoding="utf-8")
