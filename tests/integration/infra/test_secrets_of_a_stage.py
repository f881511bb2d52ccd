"""What `make infra` writes into a stage's secrets, and what it leaves as it is."""

from uuid import uuid4

import pytest

from infra.aws import secrets

ENDPOINT = "bhuprahari-dev.abc.ap-south-1.rds.amazonaws.com"
RESTORED = "bhuprahari-restored.abc.ap-south-1.rds.amazonaws.com"


@pytest.fixture
def outputs():
    prefix = f"bhuprahari/{uuid4().hex}"
    names = ("database-url", "token-keys", "link-key", "firebase-service-account")
    keys = ("DatabaseUrlSecret", "TokenKeysSecret", "LinkKeySecret", "FirebaseSecret")
    named = {key: f"{prefix}/{name}" for key, name in zip(keys, names, strict=True)}
    return named | {"DatabaseEndpoint": ENDPOINT, "DatabaseName": "bhuprahari"}


def text_of(account, outputs, key="DatabaseUrlSecret"):
    return secrets.read(account.client("secretsmanager"), outputs[key])


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://bhuprahari_app:pw@{RESTORED}/bhuprahari?ssl_ca=rds-ca.pem",
        f"mysql+pymysql://bhuprahari_app:pw@{RESTORED}:3306/bhuprahari",
        "mysql+pymysql://app:pw@10.71.0.9/other?ssl_ca=rds-ca.pem",
        f"mysql+pymysql://bhuprahari_app:pw@{ENDPOINT}/bhuprahari_restored?ssl_ca=rds-ca.pem",
        f"mysql+pymysql://bhuprahari_app:p%40w@{ENDPOINT}:3306/bhuprahari",
    ],
)
def test_a_stage_that_was_pointed_at_a_restored_database_stays_there(account, outputs, capsys, url):
    account.client("secretsmanager").create_secret(Name=outputs["DatabaseUrlSecret"], SecretString=url)
    for _ in range(2):
        assert outputs["DatabaseUrlSecret"] not in secrets.fill(account, outputs, firebase=None)
        assert text_of(account, outputs) == url
    told = [line for line in capsys.readouterr().out.splitlines() if "left as it is" in line]
    assert len(told) == (0 if ENDPOINT in url else 2)
    assert [line for line in told if "pw" in line] == []


@pytest.mark.parametrize(
    "text", ["none", "", "mysql+pymysql://h/d", "mysql+pymysql://a:b@/d", "https://a:b@h/d", "a:b@h[/d"]
)
def test_a_text_that_is_no_url_of_a_database_is_written_anew(account, outputs, text):
    if text:
        account.client("secretsmanager").create_secret(Name=outputs["DatabaseUrlSecret"], SecretString=text)
    assert outputs["DatabaseUrlSecret"] in secrets.fill(account, outputs, firebase=None)
    assert f"@{ENDPOINT}/bhuprahari?ssl_ca=rds-ca.pem" in text_of(account, outputs)


def test_what_is_there_stays_and_is_not_told(account, outputs, capsys):
    assert len(secrets.fill(account, outputs, firebase=None)) == 3
    before = {key: text_of(account, outputs, key) for key in ("DatabaseUrlSecret", "TokenKeysSecret", "LinkKeySecret")}
    assert secrets.fill(account, outputs, firebase=None) == []
    assert {key: text_of(account, outputs, key) for key in before} == before
    assert [text for text in before.values() if text in capsys.readouterr().out] == []
