"""A stage's settings at work: on the stand-in of AWS, and on the machine of somebody who types `chalice local`."""

import json
import os
import signal
import subprocess
import sys
from urllib.request import urlopen
from uuid import uuid4

import pytest

from chalicelib.composition import Ports
from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Settings
from tests.support.databases.mysql_server import free_port
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, aws

SERVE = "import sys; from chalice.cli import main; sys.exit(main())"


@pytest.fixture
def on_aws(monkeypatch):
    """Give a way to make a stage's ports, and the prefix of its secrets in Secrets Manager."""
    for name, text in {"DEFAULT_REGION": REGION, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", text)
    prefix = f"bhuprahari/{uuid4().hex}/"

    def ports(**settings):
        where = {"secrets_store": "secretsmanager", "secrets_prefix": prefix, "aws_endpoint_url": aws().endpoint_url}
        return Ports(Settings.of(**where, **settings))

    return prefix, ports


def test_the_database_is_where_the_secret_says(on_aws, tmp_path):
    prefix, ports = on_aws
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    aws().client("secretsmanager").create_secret(Name=f"{prefix}database-url", SecretString=url)
    assert ports().engine.url.render_as_string() == url


def test_without_its_secret_the_database_is_unavailable(on_aws):
    prefix, ports = on_aws
    with pytest.raises(Unavailable, match=rf"there is no secret {prefix}database-url in Secrets Manager"):
        ports().check_database()


def test_a_url_that_is_given_needs_no_secret(on_aws):
    _, ports = on_aws
    assert ports(database_url="sqlite://").engine.url.render_as_string() == "sqlite://"


@pytest.mark.parametrize("stage", [[], ["--stage", "local"]], ids=["no-stage", "local"])
def test_chalice_local_stays_on_this_machine(stage, tmp_path):
    """Without --stage Chalice takes dev, whose stores are on AWS: that must not reach out from a laptop."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("BHUPRAHARI_", "AWS_"))}
    environment |= {"BHUPRAHARI_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    subprocess.run([sys.executable, "-m", "infra.migrate"], cwd=ROOT, env=environment, check=True, capture_output=True)
    port = free_port()  # Chalice prints the port it was given, and 0 would be no address
    command = [sys.executable, "-c", SERVE, "local", "--no-autoreload", "--port", str(port), *stage]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            for line in server.stdout:
                if f"http://127.0.0.1:{port}" in line:
                    break
            with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=20) as answer:
                health = json.load(answer)
        finally:
            server.send_signal(signal.SIGTERM)
    assert health["database"] == health["storage"] == "ok", health
    assert (tmp_path / "images").is_dir()
