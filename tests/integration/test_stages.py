"""A stage's settings at work: on the stand-in of AWS, and on the machine of somebody who types `chalice local`."""

import json
import os
import signal
import subprocess
import sys
from urllib.request import urlopen
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from tests.aws_stand_in import REGION, aws
from tests.mysql_server import free_port
from tests.sources import ROOT

SERVE = "import sys; from chalice.cli import main; sys.exit(main())"


@pytest.fixture
def on_aws(monkeypatch):
    """Give the prefix of a stage's secrets in Secrets Manager."""
    prefix = f"bhuprahari/{uuid4().hex}/"
    for name, text in {
        "BHUPRAHARI_SECRETS_STORE": "secretsmanager",
        "BHUPRAHARI_SECRETS_PREFIX": prefix,
        "BHUPRAHARI_AWS_ENDPOINT_URL": aws().endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }.items():
        monkeypatch.setenv(name, text)
    wiring.reset()
    yield prefix
    wiring.reset()


def test_the_database_is_where_the_secret_says(on_aws, tmp_path):
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    aws().client("secretsmanager").create_secret(Name=f"{on_aws}database-url", SecretString=url)
    assert wiring.engine().url.render_as_string() == url


def test_without_its_secret_the_database_is_unavailable(on_aws):
    with pytest.raises(Unavailable, match=rf"there is no secret {on_aws}database-url in Secrets Manager"):
        wiring.database_check()


def test_a_url_that_is_given_needs_no_secret(on_aws, monkeypatch):
    monkeypatch.setenv("BHUPRAHARI_DATABASE_URL", "sqlite://")
    wiring.reset()
    assert wiring.engine().url.render_as_string() == "sqlite://"


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
