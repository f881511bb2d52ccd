"""The commands of a deployed stage: its function `operate`, invoked with the operator's own credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import stages
from infra.aws_errors import explained_call
from infra.errors import OperatorError

ANSWERS_WITHIN_S = 125  # the function's own timeout is 120


class Stage:
    """A deployed stage. Raises OperatorError if `.chalice/config.json` has none of that name, or is not whole."""

    def __init__(self, name: str, *, root: Path, region: str | None, endpoint_url: str | None = None) -> None:
        found = stages.read(root, name)
        self.function = f"{found['app_name']}-{name}-operate"
        self._stage, self._region, self._endpoint_url = found["stages"][name], region, endpoint_url

    @property
    def timeouts(self) -> dict[str, float]:
        """Return the timeouts in seconds of the functions behind the queues, by the queue's name."""
        names, functions = self._stage["environment_variables"], self._stage["lambda_functions"]
        behind = {
            "CAPTURES": "capture_tile",
            "COMPARISONS": "compare_tile",
            "NOTIFICATIONS": "notify_session",
            "IMPORTS": "import_areas",
        }
        return {
            names[f"BHUPRAHARI_{queue}_QUEUE"]: functions[function]["lambda_timeout"]
            for queue, function in behind.items()
        }

    def invoke(self, command: dict[str, Any]) -> dict[str, Any]:
        """Run a command inside the stage; return its answer. Raises OperatorError."""
        import boto3
        from botocore.config import Config

        # One try: a command that was not answered may have been carried out.
        config = Config(connect_timeout=5, read_timeout=ANSWERS_WITHIN_S, retries={"total_max_attempts": 1})
        try:
            client = boto3.Session().client(
                "lambda", region_name=self._region, endpoint_url=self._endpoint_url, config=config
            )
            said = client.invoke(FunctionName=self.function, Payload=json.dumps(command).encode())
        except (ClientError, BotoCoreError) as error:
            means = explained_call(error, function=self.function, region=self._region, within_s=ANSWERS_WITHIN_S)
            raise OperatorError(means) from error
        answer = json.loads(said["Payload"].read() or b"null")
        if "FunctionError" in said or not isinstance(answer, dict):
            reason = answer.get("errorMessage", "no reason given") if isinstance(answer, dict) else "no answer"
            raise OperatorError(f"the function {self.function} failed: {reason}; its log in CloudWatch says more")
        return answer
