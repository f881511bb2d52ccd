"""What every store of secrets keeps to: the environment, Secrets Manager (on a stand-in), and the fake."""

from uuid import uuid4

import pytest

from chalicelib.adapters.secrets.home import EnvironmentSecrets
from chalicelib.adapters.secrets.secretsmanager import SecretsManagerSecrets
from chalicelib.application.ports.secrets import Secrets
from chalicelib.domain.errors import NotFound, Unavailable
from tests.support.fakes.secrets import FixedSecrets
from tests.support.standins.aws import away, aws

PEM = '{"private_key": "-----BEGIN\\nüñ\\n"}\n'
HELD = {"link-key": "correct horse", "firebase-service-account": PEM}


class SteppedClock:
    """A monotonic clock that only the test moves, seconds."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def in_secrets_manager(held: dict[str, str], clock: SteppedClock | None = None) -> SecretsManagerSecrets:
    prefix = f"bhuprahari/{uuid4().hex}/"
    client = aws().client("secretsmanager")
    for name, text in held.items():
        client.create_secret(Name=prefix + name, SecretString=text)
    return SecretsManagerSecrets(client, prefix=prefix, clock_monotonic=clock or SteppedClock())


@pytest.fixture(params=[EnvironmentSecrets, in_secrets_manager, FixedSecrets], ids=["environment", "aws", "fixed"])
def secrets(request) -> Secrets:
    return request.param(HELD)


@pytest.mark.parametrize("name", HELD)
def test_a_secret_is_given_as_it_was_kept(secrets, name):
    assert secrets.get(name) == HELD[name]
    assert secrets.get(name) == HELD[name]


def test_a_secret_nobody_keeps_is_not_found_by_its_name(secrets):
    with pytest.raises(NotFound, match=r"there is no secret .*google-maps-key"):
        secrets.get("google-maps-key")


@pytest.mark.parametrize("make", [EnvironmentSecrets, FixedSecrets])
def test_an_empty_secret_is_none(make):
    with pytest.raises(NotFound):
        make({"link-key": ""}).get("link-key")


def test_a_missing_secret_says_which_variable_to_set():
    with pytest.raises(NotFound, match=r"^there is no secret link-key: set BHUPRAHARI_SECRET_LINK_KEY$"):
        EnvironmentSecrets({}).get("link-key")


def test_a_secret_store_that_is_away_is_unavailable():
    fixed = FixedSecrets(HELD)
    fixed.away = True
    for secrets in (fixed, SecretsManagerSecrets(away("secretsmanager"), clock_monotonic=SteppedClock())):
        with pytest.raises(Unavailable):
            secrets.get("link-key")


def test_a_secret_is_kept_for_five_minutes_and_then_read_anew():
    clock = SteppedClock()
    prefix = f"{uuid4().hex}/"
    client = aws().client("secretsmanager")
    client.create_secret(Name=prefix + "link-key", SecretString="old")
    secrets = SecretsManagerSecrets(client, prefix=prefix, clock_monotonic=clock)
    assert secrets.get("link-key") == "old"
    client.put_secret_value(SecretId=prefix + "link-key", SecretString="new")
    clock.now_s += 299
    assert secrets.get("link-key") == "old"
    clock.now_s += 2
    assert secrets.get("link-key") == "new"


def test_a_secret_that_was_missing_is_found_as_soon_as_it_is_made():
    prefix = f"{uuid4().hex}/"
    client = aws().client("secretsmanager")
    secrets = SecretsManagerSecrets(client, prefix=prefix, clock_monotonic=SteppedClock())
    with pytest.raises(NotFound, match=f"there is no secret {prefix}link-key in Secrets Manager"):
        secrets.get("link-key")
    client.create_secret(Name=prefix + "link-key", SecretString="made")
    assert secrets.get("link-key") == "made"


def test_a_secret_of_bytes_is_not_taken_for_text():
    prefix = f"{uuid4().hex}/"
    client = aws().client("secretsmanager")
    client.create_secret(Name=prefix + "link-key", SecretBinary=b"\x00\x01")
    with pytest.raises(NotFound, match=f"the secret {prefix}link-key holds no text"):
        SecretsManagerSecrets(client, prefix=prefix, clock_monotonic=SteppedClock()).get("link-key")
