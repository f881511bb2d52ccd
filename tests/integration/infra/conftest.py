"""What the tests of the commands stand on: a checkout of their own, an account on a stand-in, an archive."""

import pytest

from infra.aws.account import Account
from tests.support.sources import ROOT
from tests.support.standins.aws import REGION, AwsStandIn


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text((ROOT / ".chalice" / "config.json").read_text())
    return tmp_path


@pytest.fixture
def archive(tmp_path):
    """An archive in a folder, empty."""
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def account(monkeypatch):
    aws = AwsStandIn().start()
    for name, text in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", text)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    yield Account()
    aws.stop()
