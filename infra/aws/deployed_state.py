"""Chalice's state of a deployed stage, .chalice/deployed/STAGE.json, with a copy in the artifacts bucket.

Without it Chalice would make a second API beside the first. Chalice writes it only at the end of a successful deploy;
after a failed one it is restored from what is in the account.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws.account import Account
from infra.aws.configuration import Configuration

KEY = "deployed/{stage}.json"


class DeployedState:
    """The state of one stage: its file, and the copy of it."""

    def __init__(self, account: Account, root: Path, configuration: Configuration, *, bucket: str) -> None:
        self._account, self._configuration, self._bucket = account, configuration, bucket
        self.stage = configuration.name
        self.path = root / ".chalice" / "deployed" / f"{configuration.name}.json"
        self._key = KEY.format(stage=configuration.name)

    @property
    def is_deployed(self) -> bool:
        """Is any part of the stage in the account?"""
        return bool(self._found())

    def restore(self) -> str:
        """Restore the file where it is missing or stale; return a line for the operator."""
        found = self._found()
        present = self._local() or self._stored()
        if not found:
            self.path.unlink(missing_ok=True)  # of another account, or of what is gone
            return "nothing is deployed yet"
        if present and _ids(present) == _ids(found) and self.path.exists():
            return f".chalice/deployed/{self._configuration.name}.json is up to date"
        self.path.parent.mkdir(exist_ok=True)
        known = {each["name"]: each for each in (present or [])} if present and _ids(present) == _ids(found) else {}
        merged = [known.get(each["name"], each) for each in found]
        content = {"resources": merged, "schema_version": "2.0", "backend": "api"}
        self.path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return f".chalice/deployed/{self._configuration.name}.json: found {len(merged)} resources in the account"

    def store(self) -> None:
        """Copy the file to the bucket."""
        self._account.client("s3").upload_file(str(self.path), self._bucket, self._key)

    @property
    def api_id(self) -> str:
        """Return the id of the stage's API, "" for none."""
        apis = [each for each in self._local() or [] if each["resource_type"] == "rest_api"]
        return str(apis[0]["rest_api_id"]) if apis else ""

    def _local(self) -> list[dict[str, Any]] | None:
        try:
            return list(json.loads(self.path.read_text(encoding="utf-8"))["resources"])
        except (OSError, ValueError, KeyError):
            return None

    def _stored(self) -> list[dict[str, Any]] | None:
        if not self._bucket:
            return None
        try:
            answer = self._account.client("s3").get_object(Bucket=self._bucket, Key=self._key)
            return list(json.loads(answer["Body"].read())["resources"])
        except ClientError as error:
            if code(error) not in ("NoSuchKey", "NoSuchBucket", "404"):
                raise
            return None

    def _found(self) -> list[dict[str, Any]]:
        """List everything that a deploy of the stage makes, in the order in which it is made."""
        found: list[dict[str, Any]] = []
        client = self._account.client("lambda")
        for function in self._configuration.functions:
            name = self._configuration.name_of(function)
            role = f"bhuprahari-{self._configuration.name}-{function}"
            if arn := self._maybe("iam", "get_role", "Role", "Arn", RoleName=role):
                found.append(_resource(f"{function}_role", "iam_role", role_arn=arn, role_name=role))
            arn = self._maybe("lambda", "get_function", "Configuration", "FunctionArn", FunctionName=name)
            if arn:
                found.append(_resource(function, "lambda_function", lambda_arn=arn))
                for each in client.list_event_source_mappings(FunctionName=arn)["EventSourceMappings"]:
                    queue = {"queue_arn": each["EventSourceArn"], "queue": each["EventSourceArn"].split(":")[-1]}
                    own = queue | {"event_uuid": each["UUID"], "lambda_arn": arn}
                    found.append(_resource(f"{function}-sqs-event-source", "sqs_event", **own))
            rule = f"bhuprahari-{self._configuration.name}-{function}-event"
            if self._maybe("events", "describe_rule", "Name", Name=rule):
                found.append(_resource(f"{function}-event", "cloudwatch_event", rule_name=rule))
        if api := self._api():
            url = f"https://{api}.execute-api.{self._account.region}.amazonaws.com/{self._configuration.api_stage}/"
            found.append(_resource("rest_api", "rest_api", rest_api_id=api, rest_api_url=url))
        return found

    def _api(self) -> str:
        """Find the API that calls this stage's function: Chalice names the APIs of all stages alike."""
        client, target = (
            self._account.client("apigateway"),
            f":{self._configuration.name_of('api_handler')}/invocations",
        )
        for page in client.get_paginator("get_rest_apis").paginate():
            for api in page["items"]:
                if api["name"] != "bhuprahari":
                    continue
                resources = client.get_resources(restApiId=api["id"], limit=500)["items"]
                for each in (each for each in resources if "GET" in each.get("resourceMethods", {})):
                    place = {"restApiId": api["id"], "resourceId": each["id"], "httpMethod": "GET"}
                    if target in client.get_integration(**place).get("uri", ""):
                        return str(api["id"])
                    break
        return ""

    def _maybe(self, service: str, operation: str, *path: str, **parameters: str) -> str:
        client = self._account.client(service)
        try:
            answer = getattr(client, operation)(**parameters)
        except ClientError as error:
            if code(error) not in ("NoSuchEntity", "ResourceNotFoundException"):
                raise
            return ""
        for name in path:
            answer = answer[name]
        return str(answer)


def _resource(name: str, kind: str, **more: str) -> dict[str, Any]:
    return {"name": name, "resource_type": kind, **more}


def _ids(resources: list[dict[str, Any]]) -> set[tuple[str, str]]:
    kinds = ("role_arn", "lambda_arn", "event_uuid", "rule_name", "rest_api_id")
    return {
        (each["name"], str(next(each[kind] for kind in kinds[2:] + kinds[:2] if kind in each))) for each in resources
    }
