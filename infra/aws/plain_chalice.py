"""What stops a plain `chalice deploy` or `chalice package` that could not work, before Chalice asks AWS for anything.

app.py asks this in Chalice's own commands, before its other imports. The standard library alone, of any Python 3.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LOOKED_AFTER = "CHALICE_STARTED_BY_MAKE"  # set by infra.aws and make, which have looked at all of this
COMMANDS = {"deploy", "package"}
RUNTIME = (3, 12)
PRODUCTION = "prod"  # goes by CloudFormation, every other stage by `chalice deploy`


def check(
    arguments: Sequence[str],
    root: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    python: tuple[int, int] = sys.version_info[:2],
) -> None:
    """Raise SystemExit with one sentence if this command of Chalice would fail half-way, or make what cannot run."""
    command = next((word for word in arguments[1:] if word in COMMANDS), "")
    if not command or LOOKED_AFTER in environment:
        return
    if reason := _reason(command, _stage(arguments), root, python):
        raise SystemExit(f"chalice {command} stopped before any call to AWS: {reason}")


def _stage(arguments: Sequence[str]) -> str:
    """Return the stage that Chalice was told, dev if none."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--stage":
            return following
        if word.startswith("--stage="):
            return word.partition("=")[2]
    return "dev"


def _reason(command: str, stage: str, root: Path, python: tuple[int, int]) -> str:
    """Say what stands in the way of a command, "" for nothing."""
    if python != RUNTIME:
        return (
            f"it packages for the Python that runs it, {python[0]}.{python[1]}, and the functions and their layers are "
            f"of Python 3.12: make deploy STAGE={stage} looks for one"
        )
    if stage == PRODUCTION and command == "deploy":
        return f"the stage {stage} goes by CloudFormation: make deploy STAGE={stage}"
    return _of_the_stage(stage, root)


def _of_the_stage(stage: str, root: Path) -> str:
    try:
        stages = json.loads((root / ".chalice" / "config.json").read_text(encoding="utf-8"))["stages"]
        own = stages[stage]
        functions = own["lambda_functions"]
        policies = [str(each["iam_policy_file"]) for each in functions.values()]
        unlayered = sorted(name for name, each in functions.items() if each.get("layers") == [])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"there is no stage {stage} in .chalice/config.json that can be read: make infra STAGE={stage} says more"
    if not (own.get("subnet_ids") and own.get("security_group_ids")):
        return f"the infrastructure of the stage {stage} was not made from this checkout: make infra STAGE={stage}"
    if lost := [name for name in policies if not (root / ".chalice" / name).is_file()]:
        return f".chalice/{lost[0]} is not there: make infra STAGE={stage} writes what the functions may do"
    if unlayered:
        return (
            f"{' and '.join(unlayered)} would be without their layers: make layers, then make infra STAGE={stage} again"
        )
    return ""
