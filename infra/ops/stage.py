"""A stage's commands run inside it: this invokes its function `operate`, with the operator's own credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

from infra import stages

ROOT = Path(__file__).resolve().parents[2]
ANSWERS_WITHIN_S = 125  # the function's own timeout is 120
_UNKNOWN_KEYS = {"UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "ExpiredToken"}


class CannotOperate(Exception):
    """Something stands in the way, and the message says what to do."""


class Stage:
    """A deployed stage. Raises CannotOperate if `.chalice/config.json` has none of that name, or is not whole."""

    def __init__(self, name: str, *, region: str | None, endpoint_url: str | None = None) -> None:
        try:
            found = stages.read(ROOT, name)
        except stages.BadStage as error:
            raise CannotOperate(str(error)) from error
        self.function = f"{found['app_name']}-{name}-operate"
        self._stage, self._region, self._endpoint_url = found["stages"][name], region, endpoint_url

    @property
    def timeouts(self) -> dict[str, float]:
        """Give the timeouts in seconds of the functions behind the queues, by the queue's name."""
        names, functions = self._stage["environment_variables"], self._stage["lambda_functions"]
        behind = {"CAPTURES": "capture_tile", "COMPARISONS": "compare_tile", "NOTIFICATIONS": "notify_session"}
        return {
            names[f"BHUPRAHARI_{queue}_QUEUE"]: functions[function]["lambda_timeout"]
            for queue, function in behind.items()
        }

    def invoke(self, command: dict[str, Any]) -> dict[str, Any]:
        """Run a command inside the stage; give its answer. Raises CannotOperate."""
        import boto3
        from botocore.config import Config

        # One try: a command that was not answered may have been carried out.
        config = Config(connect_timeout=5, read_timeout=ANSWERS_WITHIN_S, retries={"total_max_attempts": 1})
        try:
            client = boto3.Session().client(
                "lambda", region_name=self._region, endpoint_url=self._endpoint_url, config=config
            )
            said = client.invoke(FunctionName=self.function, Payload=json.dumps(command).encode())
        except ClientError as error:
            raise CannotOperate(self._refusal(str(error.response.get("Error", {}).get("Code", "no code")))) from error
        except BotoCoreError as error:
            raise CannotOperate(self._sentence(error)) from error
        answer = json.loads(said["Payload"].read() or b"null")
        if "FunctionError" in said or not isinstance(answer, dict):
            reason = answer.get("errorMessage", "no reason given") if isinstance(answer, dict) else "no answer"
            raise CannotOperate(f"the function {self.function} failed: {reason}; its log in CloudWatch says more")
        return answer

    def _sentence(self, error: BotoCoreError) -> str:
        match error:
            case NoRegionError():
                return "no region is set: say --region NAME, or set AWS_DEFAULT_REGION"
            case InvalidRegionError():
                return f"{error.kwargs['region_name']!r} is no region of AWS: say --region ap-south-1, with your own"
            case NoCredentialsError() | PartialCredentialsError() | ProfileNotFound():
                return "there are no AWS credentials here: sign in (aws sso login), or set AWS_PROFILE"
            case EndpointConnectionError() | ConnectTimeoutError():
                return f"AWS Lambda cannot be reached {self._place}: is the region's name right?"
            case ReadTimeoutError():
                return f"the function {self.function} did not answer within {ANSWERS_WITHIN_S} s; see its log"
        return f"AWS cannot be asked: {type(error).__name__}"

    @property
    def _place(self) -> str:
        return f"in the region {self._region or 'of your profile'}"

    def _refusal(self, code: str) -> str:
        if code == "ResourceNotFoundException":
            return f"there is no function {self.function} {self._place}: deploy it, or name its --region"
        if code in ("AccessDeniedException", "AccessDenied"):
            return f"your credentials may not call lambda:InvokeFunction on {self.function}: ask for that permission"
        if code in _UNKNOWN_KEYS:
            return f"AWS does not accept your credentials ({code}): sign in again, and check AWS_PROFILE"
        if code == "TooManyRequestsException":
            return f"all of the account's concurrency is in use {self._place}: try again in a minute"
        return f"AWS refuses to run {self.function}: {code}"
