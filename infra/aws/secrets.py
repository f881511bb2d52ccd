"""The values of a stage's secrets: made here, kept in Secrets Manager, written into no file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.aws.account import Account
from infra.aws.certificate import BUNDLE
from infra.errors import OperatorError

ELSEWHERE = (
    "{secret} leads to {host}, not to this stack's own {endpoint}: left as it is, as for a restored database "
    "(docs/restore.md); put the word none there and run this again to point it back"
)
APPLICATION = "bhuprahari_app"  # the functions' user; `migrate` makes it with the master's right


def fill(account: Account, outputs: Mapping[str, str], *, firebase: str | None) -> list[str]:
    """Write a value for each secret that has no usable one; return the names of those written. Raises OperatorError.

    A database URL that is whole stays, wherever it leads: an operator may have pointed it at a restored database.
    `firebase` is a service account's JSON, which takes the place of the one before.
    """
    address = f"{outputs['DatabaseEndpoint']}/{outputs['DatabaseName']}"
    makers: list[tuple[str, Callable[[str], bool], Callable[[], str]]] = [
        (outputs["DatabaseUrlSecret"], lambda text: bool(database_host(text)), lambda: _database_url(address)),
        (outputs["TokenKeysSecret"], _is_keys, lambda: json.dumps({f"{datetime.now(UTC):%Y-%m}": _random()})),
        (outputs["LinkKeySecret"], lambda text: len(text) >= 32, _random),
    ]
    client, written = account.client("secretsmanager"), []
    for name, is_usable, make in makers:
        if not is_usable(read(client, name)):
            _put(client, name, make())
            written.append(name)
    host = database_host(read(client, outputs["DatabaseUrlSecret"]))
    if host != outputs["DatabaseEndpoint"].partition(":")[0]:
        print(ELSEWHERE.format(secret=outputs["DatabaseUrlSecret"], host=host, endpoint=outputs["DatabaseEndpoint"]))
    if firebase is not None:
        _put(client, outputs["FirebaseSecret"], firebase)
        written.append(outputs["FirebaseSecret"])
    elif not read(client, outputs["FirebaseSecret"]):
        print(
            f"{outputs['FirebaseSecret']} is empty, so nobody can be pushed to yet: "
            "make infra FIREBASE=service-account.json, with the file that Firebase's console gives"
        )
    return written


def leads_elsewhere(account: Account, outputs: Mapping[str, str]) -> bool:
    """Say whether an operator has pointed the stage at another server than its stack's, whose master is not ours."""
    if "DatabaseUrlSecret" not in outputs:
        return False
    host = database_host(read(account.client("secretsmanager"), outputs["DatabaseUrlSecret"]))
    return host not in ("", outputs["DatabaseEndpoint"].partition(":")[0])


def database_host(url: str) -> str:
    """Return the server that a database URL leads to, "" for a text that is no whole URL of one."""
    try:
        found = urlsplit(url)
    except ValueError:
        return ""
    whole = found.scheme.startswith("mysql") and found.username and found.password and found.path.strip("/")
    return (found.hostname or "") if whole else ""


def read(client: Any, name: str) -> str:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Return a secret's text, "" for one without."""
    try:
        return str(client.get_secret_value(SecretId=name).get("SecretString") or "")
    except client.exceptions.ResourceNotFoundException:
        return ""


def _put(client: Any, name: str, text: str) -> None:  # noqa: ANN401 (boto3 makes its clients at run time)
    try:
        client.put_secret_value(SecretId=name, SecretString=text)
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(Name=name, SecretString=text)
    except ClientError as error:
        if "marked for deletion" not in str(error):
            raise
        raise OperatorError(
            f"the secret {name} waits to be deleted since this stage was destroyed: "
            f"aws secretsmanager restore-secret --secret-id {name}, then run this again"
        ) from error


def _database_url(address: str) -> str:
    return f"mysql+pymysql://{APPLICATION}:{_random()}@{address}?ssl_ca={BUNDLE}"


def _random() -> str:
    return secrets.token_urlsafe(32)  # 43 characters that need no escaping in a URL


def _is_keys(text: str) -> bool:
    try:
        keys = json.loads(text)
    except ValueError:
        return False
    return isinstance(keys, dict) and bool(keys) and all(len(str(key)) >= 32 for key in keys.values())


def service_account(path: Path) -> str:
    """Read the JSON file that Firebase's console gives. Raises OperatorError for any other."""
    try:
        text = path.read_text(encoding="utf-8")
        account = json.loads(text)
    except (OSError, ValueError) as error:
        raise OperatorError(f"FIREBASE={path} cannot be read as JSON: {error}") from None
    if not isinstance(account, dict) or account.get("type") != "service_account" or "private_key" not in account:
        raise OperatorError(
            f"FIREBASE={path} is no service account: take the one of Project settings, Service accounts"
        )
    return text
