"""What the tests of `python -m infra.ops` stand on: a home, and a stage on stand-ins of AWS."""

import json
from uuid import uuid4

import pytest

from tests.support.databases.copies import migrate
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
    names = {queue.upper(): f"{prefix}-{queue}" for queue in ("captures", "comparisons", "notifications")}
    secrets = {"database-url": database_url, "firebase-service-account": ACCOUNT}
    secrets |= {"link-key": "l" * 32, "token-keys": json.dumps({"k": "t" * 32})}
    for name, text in secrets.items():
        aws().client("secretsmanager").create_secret(Name=f"{prefix}/{name}", SecretString=text)
    settings = {
        "STAGE": "dev",
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
