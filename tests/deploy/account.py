"""An AWS account on this machine, and a copy of the project to deploy to it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from layers.build import BUILT, build
from tests.aws_stand_in import REGION, AwsStandIn
from tests.deploy.lambda_host import LambdaHost
from tests.deploy.moto_completions import complete
from tests.sources import ROOT

ARCH = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")  # functions run here, so it is ours
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
KEPT = ROOT / "build" / "deploy-test"
DEPLOYED = ("app.py", "chalicelib", ".chalice", "requirements.txt", "infra", "layers")


class Account:
    """moto with its completions, and the environment that points every tool at it."""

    def __init__(self, folder: Path, *, functions_see: dict[str, str]) -> None:
        self.aws = AwsStandIn().start()
        self.client = self.aws.client
        credentials = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": "stand-in",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
        }
        self.host = LambdaHost(folder, environment=credentials | functions_see)
        complete(self.host)
        own = {name: text for name, text in os.environ.items() if not name.startswith(("BHUPRAHARI_", "AWS_"))}
        self.environment = own | credentials | {"AWS_DEFAULT_REGION": REGION, "PYTHONDONTWRITEBYTECODE": "1"}

    def stop(self) -> None:
        self.host.stop()
        self.aws.stop()

    def run(self, folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a Python command in a folder, as an operator of this account."""
        environment = self.environment | {"PYTHONPATH": str(folder)} | more
        streams = {"capture_output": True, "text": True, "check": False}
        return subprocess.run([sys.executable, "-B", *command], cwd=folder, env=environment, **streams)

    def chalice(self, folder: Path, *arguments: str) -> str:
        """Run Chalice's own command; give what it said. Raises AssertionError if it failed."""
        done = self.run(folder, "-c", CHALICE, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Could not install" not in done.stdout + done.stderr
        return done.stdout


def copy_of_the_project(folder: Path) -> Path:
    """Copy what is deployed; the functions' architecture becomes this machine's, which must run them."""
    for name in DEPLOYED:
        source = ROOT / name
        if source.is_dir():
            leave = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
            shutil.copytree(source, folder / name, ignore=leave)
        else:
            shutil.copy(source, folder / name)
    change_config(folder, lambda config: config.update(lambda_architecture=ARCH))
    return folder


def change_config(folder: Path, change) -> None:
    """Change .chalice/config.json of a copy."""
    path = folder / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config)
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


def layer(name: str) -> Path:
    """Give a layer's zip for this machine, built once for its lock."""
    archive = BUILT / ARCH / f"{name}.zip"
    lock = (ROOT / "layers" / name / "requirements.txt").read_text(encoding="utf-8")
    stamp = archive.with_suffix(".lock")
    if not (archive.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == lock):
        print(build(name, ARCH, archive.parent))
        stamp.write_text(lock, encoding="utf-8")
    return archive
