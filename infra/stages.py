"""A deployed stage of .chalice/config.json, read and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.errors import OperatorError

NAME = ".chalice/config.json"
MEND = f"git diff {NAME} shows what was changed, and git checkout {NAME} brings it back"
RENAMED_FUNCTIONS = {"sweep": "reconcile"}  # name in the release before: name now. Goes with the next release
OF_THE_FILE = ("app_name", "lambda_architecture")
OF_A_STAGE = (
    "api_gateway_stage",
    "environment_variables.BHUPRAHARI_BUCKET",
    "environment_variables.BHUPRAHARI_MAX_CONCURRENCY",
    "environment_variables.BHUPRAHARI_CAPTURES_QUEUE",
    "environment_variables.BHUPRAHARI_COMPARISONS_QUEUE",
    "environment_variables.BHUPRAHARI_NOTIFICATIONS_QUEUE",
    "environment_variables.BHUPRAHARI_IMPORTS_QUEUE",
    "environment_variables.BHUPRAHARI_UPLOADS_QUEUE",
    "environment_variables.BHUPRAHARI_SECRETS_PREFIX",
    "lambda_functions.capture_tile.lambda_timeout",
    "lambda_functions.compare_tile.lambda_timeout",
    "lambda_functions.notify_session.lambda_timeout",
    "lambda_functions.import_areas.lambda_timeout",
    "lambda_functions.index_uploads.lambda_timeout",
    "lambda_functions.migrate.lambda_timeout",
)


def read(root: Path, stage: str) -> dict[str, Any]:
    """Read the whole file; check that this stage has all that the commands look for. Raises OperatorError."""
    try:
        found = json.loads((root / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OperatorError(
            f".chalice/config.json cannot be read ({reason}): git checkout {NAME} brings it back"
        ) from error
    stages = found.get("stages") if isinstance(found, dict) else None
    if not isinstance(stages, dict):
        raise OperatorError(f".chalice/config.json has lost its stages: {MEND}")
    named = sorted(name for name, each in stages.items() if isinstance(each, dict) and "environment_variables" in each)
    if stage not in named:
        raise OperatorError(f"there is no stage {stage} in .chalice/config.json: say one of {', '.join(named)}")
    lost = [path for path in OF_THE_FILE if not _has(found, path)]
    lost += [f"stages.{stage}.{path}" for path in OF_A_STAGE if not _has(stages[stage], path)]
    if lost:
        raise OperatorError(f".chalice/config.json has lost {lost[0]}: {MEND}")
    for old in RENAMED_FUNCTIONS.keys() & stages[stage]["lambda_functions"].keys():
        new = RENAMED_FUNCTIONS[old]
        raise OperatorError(
            f"the stage {stage} in .chalice/config.json still has the function {old}, which is called {new} now: "
            f"rename it there, with its iam_policy_file policy-{stage}-{new}.json"
        )
    return found


def _has(found: Any, path: str) -> bool:  # noqa: ANN401 (JSON of any shape)
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True
