"""What the tests of `python -m infra.ops` stand on: a home, and a stage on stand-ins of AWS."""

import json
import subprocess
from uuid import uuid4

import pytest

from tests.support.databases.copies import migrate
from tests.support.homes import Filled
from tests.support.processes import forget
from tests.support.standins.aws import REGION, aws

ACCOUNT = json.dumps(
    {"project_id": "p", "client_email": "a@b.c", "private_key": "-----BEGIN " + "PRIVATE KEY-----\nx\n"}
)


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    for name in ("BHUPRAHARI_HOME", "BHUPRAHARI_DATABASE_URL", "BHUPRAHARI_WORKER", "BHUPRAHARI_SAMPLE_CLOCK"):
        monkeypatch.setenv(name, "")  # so that what a command sets is taken back
        monkeypatch.delenv(name)
    forget()
    yield
    forget()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    migrate(f"sqlite:///{tmp_path / 'home' / 'bhuprahari.db'}")
    return tmp_path / "home"


@pytest.fixture
def stage(monkeypatch, database_url):
    """Give the settings of a stage whose everything is on the stand-in, and well."""
    prefix = uuid4().hex
    aws().make_queues(prefix=f"{prefix}-", visibility_s=660)
    names = {queue.upper(): f"{prefix}-{queue}" for queue in ("captures", "comparisons", "notifications", "imports")}
    secrets = {"database-url": database_url, "firebase-service-account": ACCOUNT}
    secrets |= {"link-key": "l" * 32, "token-keys": json.dumps({"k": "t" * 32})}
    for name, text in secrets.items():
        aws().client("secretsmanager").create_secret(Name=f"{prefix}/{name}", SecretString=text)
    settings = {
        "STAGE": "dev",
        "DEFAULT_PROVIDER": "sample",
        "IMAGES_STORE": "s3",
        "BUCKET": aws().make_bucket(),
        "QUEUES_SERVICE": "sqs",
        **{f"{queue}_QUEUE": name for queue, name in names.items()},
        "PUSH_SERVICE": "fcm",
        "SECRETS_STORE": "secretsmanager",
        "SECRETS_PREFIX": f"{prefix}/",
        "AWS_ENDPOINT_URL": aws().endpoint_url,
    }
    for name, text in settings.items():
        monkeypatch.setenv(f"BHUPRAHARI_{name}", text)
    for name, text in {"DEFAULT_REGION": REGION, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", text)
    forget()
    return prefix


@pytest.fixture
def filled(home):
    found = Filled(home)
    yield found
    found.engine.dispose()


@pytest.fixture
def to(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    size = "size=20m"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("a disk of its own size needs root's right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
