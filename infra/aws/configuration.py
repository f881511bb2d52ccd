"""A stage of .chalice/config.json: read, and written with the outputs of its infrastructure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from infra import stages
from infra.aws import plain_chalice, policies
from infra.errors import OperatorError

PRODUCTION = plain_chalice.PRODUCTION
LAYERED = {
    "api_handler": "shapely",
    "capture_tile": "opencv",
    "compare_tile": "opencv",
    "notify_session": "firebase",
    "import_areas": "gdal",
}
WORKERS = ("capture_tile", "compare_tile")  # the functions that MaxConcurrency is about
SETTINGS = {  # output of the stack: setting of the stage
    "ImagesBucket": "BHUPRAHARI_BUCKET",
    "CapturesQueue": "BHUPRAHARI_CAPTURES_QUEUE",
    "ComparisonsQueue": "BHUPRAHARI_COMPARISONS_QUEUE",
    "NotificationsQueue": "BHUPRAHARI_NOTIFICATIONS_QUEUE",
    "ImportsQueue": "BHUPRAHARI_IMPORTS_QUEUE",
    "UploadsQueue": "BHUPRAHARI_UPLOADS_QUEUE",
    "MaxConcurrency": "BHUPRAHARI_MAX_CONCURRENCY",
    "SqsEndpoint": "AWS_ENDPOINT_URL_SQS",
}
NOTHING = ("", "-")  # what an output says that does not apply


class Configuration:
    """One stage in the file; `save` writes the whole file back. Raises OperatorError if it is absent or not whole."""

    def __init__(self, root: Path, stage: str) -> None:
        self.path, self.name = root / stages.NAME, stage
        self._all = stages.read(root, stage)
        self.stage: dict[str, Any] = self._all["stages"][stage]
        self._policies: dict[str, str] = {}

    @property
    def architecture(self) -> str:
        """Return the functions' processor, as Lambda names it."""
        return str(self._all["lambda_architecture"])

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Return what is set for each function."""
        return dict(self.stage["lambda_functions"])

    @property
    def environment(self) -> dict[str, str]:
        """Return the stage's environment variables."""
        return dict(self.stage["environment_variables"])

    @property
    def api_stage(self) -> str:
        """Return the name of the API's stage, the first part of its paths."""
        return str(self.stage["api_gateway_stage"])

    def name_of(self, function: str) -> str:
        """Return the name that a function has in Lambda."""
        base = f"{self._all['app_name']}-{self.name}"
        return base if function == "api_handler" else f"{base}-{function}"

    def take(self, outputs: Mapping[str, str]) -> None:
        """Enter the outputs of the stage's stack. Raises OperatorError for a name that the policies do not reach."""
        for output, setting in SETTINGS.items():
            if outputs.get(output, "") not in NOTHING:
                self.stage["environment_variables"][setting] = outputs[output]
            elif not setting.startswith("BHUPRAHARI_"):
                self.stage["environment_variables"].pop(setting, None)
        if "MaxConcurrency" in outputs:
            for function in WORKERS:
                if "reserved_concurrency" in self.stage["lambda_functions"][function]:
                    self.stage["lambda_functions"][function]["reserved_concurrency"] = int(outputs["MaxConcurrency"])
        at_once = sum(each.get("reserved_concurrency", 0) for each in self.functions.values())
        most = outputs.get("DatabaseConnectionsAlarm")  # 0.8 of max_connections
        if most is not None and at_once >= int(most):
            raise OperatorError(
                f"the functions may hold {at_once} connections at once, and fewer than {most} must be: take a larger "
                f'database, make infra STAGE={self.name} SET="DatabaseClass=...", or a smaller MaxConcurrency'
            )
        self.stage["subnet_ids"] = [each for each in outputs["SubnetIds"].split(",") if each]
        self.stage["security_group_ids"] = [outputs["SecurityGroupId"]]
        if not fnmatch(outputs["ImagesBucket"], "bhuprahari-*-images"):
            raise OperatorError(
                f"the functions may not reach a bucket called {outputs['ImagesBucket']}: give it a name like "
                "bhuprahari-NAME-images, which the network's way to S3 lets through"
            )
        self._scope(outputs.get("DatabaseMasterSecretArn", ""))

    def use_layers(self, arns: Mapping[str, str]) -> None:
        """Enter the layers of the functions; a layer without an ARN stays what it was."""
        for function, layer in LAYERED.items():
            if layer in arns:
                self.stage["lambda_functions"][function]["layers"] = [arns[layer]]

    def forget_infrastructure(self) -> None:
        """Remove what belongs to infrastructure that is gone."""
        for key in ("subnet_ids", "security_group_ids"):
            self.stage.pop(key, None)
        self.stage["environment_variables"].pop("AWS_ENDPOINT_URL_SQS", None)
        for function in LAYERED:
            self.stage["lambda_functions"][function]["layers"] = []
        self._scope("")

    def _scope(self, master: str) -> None:
        """Give each function the policy of this stage's names, and `migrate` the master's secret if there is one."""
        for function, own in self.stage["lambda_functions"].items():
            own["iam_policy_file"] = policies.file_of(self.name, function)
        self._policies = policies.texts(self._all["app_name"], self.name, self.stage, master=master)

    def save(self) -> None:
        """Write the file in its one format, and the policies if they were scoped."""
        for name, policy in self._policies.items():
            (self.path.parent / name).write_text(policy, encoding="utf-8")
        text = json.dumps(self._all, indent=2)
        draft = self.path.with_suffix(".draft")
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(self.path)


def checked_stage(stage: str) -> str:
    """Return the stage's name if it can be part of AWS's names. Raises OperatorError."""
    if not re.fullmatch(r"[a-z][a-z0-9]{1,11}", stage):
        raise OperatorError(f"a stage is two to twelve small letters and digits, not {stage!r}")
    return stage
