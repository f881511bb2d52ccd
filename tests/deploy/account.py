"""An AWS account on this machine, and a copy of the project from which an operator deploys to it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError

from layers.build import BUILT, build
from tests.deploy.lambda_host import LambdaHost
from tests.deploy.moto_completions import complete
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, AwsStandIn

ARCH = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")  # functions run here, so it is ours
CHALICE = ("-c", "import sys; from chalice.cli import main; sys.exit(main())")
KEPT = ROOT / "build" / "deploy-test.txt"
PROJECT = ("app.py", "chalicelib", ".chalice", "requirements.txt", "infra", "layers")
MADE_THERE = shutil.ignore_patterns("__pycache__", "deployments", "deployed")


class Account:
    """moto with its completions, and the environment that points every tool at it."""

    def __init__(self, folder: Path, *, functions_see: dict[str, str]) -> None:
        self.aws = AwsStandIn().start()
        mine = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
        }
        self.host = LambdaHost(folder, environment=mine | functions_see)
        complete(self.host)
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("BHUPRAHARI_", "AWS_", "SMOKE_"))
        }
        self.environment = kept | mine | {"AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}
        patient = Config(read_timeout=130, retries={"total_max_attempts": 1}, max_pool_connections=20)
        place = {"endpoint_url": self.aws.endpoint_url, "region_name": REGION, "config": patient}
        self._functions = boto3.client("lambda", aws_access_key_id="x", aws_secret_access_key="x", **place)

    def client(self, service: str) -> Any:
        return self._functions if service == "lambda" else self.aws.client(service)

    @contextmanager
    def failing(self, service: str, operation: str):
        """Let the service refuse an operation, as when it is out of order; it must have been asked for it."""
        kind = type(get_backend(service)[DEFAULT_ACCOUNT_ID][REGION])
        own, asked = getattr(kind, operation), []

        def refuse(*_: object, **__: object) -> None:
            asked.append(operation)
            raise JsonRESTError("ServiceException", "out of order")

        setattr(kind, operation, refuse)
        try:
            yield
        finally:
            setattr(kind, operation, own)
        assert asked, f"nobody asked for {operation}"

    def left(self) -> dict[str, set[str]]:
        """Name everything in the account that a stage is made of, by kind, without the kinds that are all gone."""
        listed = {
            "functions": [each["FunctionName"] for each in self.client("lambda").list_functions()["Functions"]],
            "mappings": [
                each["UUID"] for each in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
            ],
            "layers": [each["LayerName"] for each in self.client("lambda").list_layers()["Layers"]],
            "roles": [each["RoleName"] for each in self.client("iam").list_roles()["Roles"]],
            "APIs": [each["id"] for each in self.client("apigateway").get_rest_apis()["items"]],
            "rules": [each["Name"] for each in self.client("events").list_rules()["Rules"]],
            "logs": [each["logGroupName"] for each in self.client("logs").describe_log_groups()["logGroups"]],
            "queues": self.client("sqs").list_queues().get("QueueUrls", []),
            "buckets": [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]],
            "stacks": [each["StackName"] for each in self.client("cloudformation").describe_stacks()["Stacks"]],
        }
        return {kind: set(names) for kind, names in listed.items() if names}

    def stop(self) -> None:
        self.host.stop()
        self.aws.stop()


class Operator:
    """Somebody at a checkout, with this account's credentials. Each command's words are kept in `said`."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account, self.folder, self.said = account, folder, ""
        KEPT.unlink(missing_ok=True)
        for name in PROJECT:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=MADE_THERE)
            else:
                shutil.copy(ROOT / name, folder / name)
        shutil.copy(Path(__file__).with_name("stage.yaml"), folder / "infra" / "aws" / "stage.yaml")
        (folder / "infra" / "aws" / "watch.yaml").unlink(missing_ok=True)  # moto has no dashboards by CloudFormation
        self.configure(lambda config: config.update(lambda_architecture=ARCH))
        for name in ("opencv", "firebase", "shapely", "gdal"):
            place = folder / "build" / "layers" / ARCH / f"{name}.zip"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(layer(name))

    @contextmanager
    def without_layers(self):
        """Take the built layers away meanwhile."""
        built = self.folder / "build" / "layers"
        built.rename(built.with_name("away"))
        yield
        built.with_name("away").rename(built)

    @contextmanager
    def at_the_release_before(self):
        """Turn the checkout into one that calls its function of the minute sweep, and back."""
        config, handler = self.folder / ".chalice" / "config.json", self.folder / "chalicelib/functions/reconcile.py"
        policy = self.folder / ".chalice" / "policy-dev-reconcile.json"
        now = {path: path.read_text(encoding="utf-8") for path in (config, handler)}
        old = now[config].replace("RECONCILE_SCHEDULE", "SWEEP_SCHEDULE").replace('"reconcile"', '"sweep"')
        config.write_text(old, encoding="utf-8")
        handler.write_text(now[handler].replace("def reconcile(", "def sweep("), encoding="utf-8")
        assert policy.name in old
        assert "def sweep(" in handler.read_text(encoding="utf-8")
        yield
        for path, text in now.items():
            path.write_text(text, encoding="utf-8")

    def forget(self, function: str) -> None:
        """Take a function out of what Chalice remembers of the stage."""
        (path,) = (self.folder / ".chalice" / "deployed").glob("*.json")
        state = json.loads(path.read_text(encoding="utf-8"))
        state["resources"] = [each for each in state["resources"] if not each["name"].startswith(function)]
        path.write_text(json.dumps(state), encoding="utf-8")

    @property
    def api_id(self) -> str:
        """Give the id of the one API that is there."""
        (api,) = self.account.client("apigateway").get_rest_apis()["items"]
        return api["id"]

    @property
    def config(self) -> dict[str, Any]:
        return json.loads((self.folder / ".chalice" / "config.json").read_text(encoding="utf-8"))

    def configure(self, change: Any) -> None:
        """Change .chalice/config.json by a function."""
        config = self.config
        change(config)
        (self.folder / ".chalice" / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")

    def attempt(self, *command: str, **environment: str) -> int:
        """Run a Python command in the checkout; give its exit status."""
        surroundings = self.account.environment | environment
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "stdin": subprocess.DEVNULL}
        done = subprocess.run([sys.executable, *command], cwd=self.folder, env=surroundings, check=False, **streams)
        self.said = done.stdout
        assert "Traceback" not in self.said, self.said
        return done.returncode

    def run(self, *command: str, **environment: str) -> str:
        """Run a command that is to succeed; give what it said."""
        assert self.attempt(*command, **environment) == 0, self.said
        return self.said

    def make(self, *command: str, **environment: str) -> str:
        """Run a command of infra.aws that is to succeed; give what it said."""
        said = self.run("-m", "infra.aws", *command, **environment)
        self._write(f"python -m infra.aws {' '.join(command)}", said)
        return said

    def refused(self, *command: str, **environment: str) -> str:
        """Run a command of infra.aws that is to fail; give its last line."""
        assert self.attempt("-m", "infra.aws", *command, **environment) == 1, self.said
        self._write(f"python -m infra.aws {' '.join(command)}", self.said)
        return self.said.splitlines()[-1]

    def chalice(self, *command: str) -> str:
        """Type a command of Chalice that is to succeed; give what it said."""
        said = self.run(*CHALICE, *command)
        self._write(f"chalice {' '.join(command)}", said)
        return said

    def _write(self, command: str, said: str) -> None:
        """Write the transcript, without this machine's folders."""
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with KEPT.open("a", encoding="utf-8") as transcript:
            transcript.write(f"$ {command}\n{said}\n".replace(str(self.folder.parent) + "/", ""))


def layer(name: str) -> Path:
    """Give a layer's zip for this machine, built once for its lock."""
    archive = BUILT / ARCH / f"{name}.zip"
    lock = (ROOT / "layers" / name / "requirements.txt").read_text(encoding="utf-8")
    stamp = archive.with_suffix(".lock")
    if not (archive.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == lock):
        print(build(name, ARCH, archive.parent))
        stamp.write_text(lock, encoding="utf-8")
    return archive
