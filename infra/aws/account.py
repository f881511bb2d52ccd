"""The AWS account that the credentials open, and what its errors mean."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure")
AWAY = ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError")
REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


class Trouble(Exception):
    """What stands in the way, and what to do about it, in a sentence for the operator."""


class Account:
    """Clients of one account and region, each made once. Raises Trouble where there is no region."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        self._clients: dict[str, Any] = {}
        if not self.region:
            raise Trouble(
                "no region is set: say where the stage is to live, as in export AWS_DEFAULT_REGION=ap-south-1"
            )

    @property
    def region(self) -> str:
        """Name the region, or ""."""
        return self._session.region_name or ""

    @cached_property
    def number(self) -> str:
        """Give the account's twelve digits. Raises Trouble if the region has no Bhuprahari's services."""
        known = self._session.get_available_regions("lambda")  # of the partition aws, as the policies' ARNs are
        if self.region not in known:
            near = " or ".join(get_close_matches(self.region, known, 3) or ["ap-south-1"])
            raise Trouble(f"there is no region {self.region} with Lambda in it: set AWS_DEFAULT_REGION, as to {near}")
        return str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
        """Give the client of a service; it asks again what was not answered."""
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10)
            self._clients[service] = self._session.client(service, config=config)
        return self._clients[service]

    def once(self, service: str, *, waits_s: float) -> Any:  # noqa: ANN401 (as above)
        """Give a client that asks a single time: what was not answered may have been done all the same."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=waits_s, connect_timeout=10)
        return self._session.client(service, config=config)


def code(error: ClientError | BotoCoreError | Boto3Error) -> str:
    """Name an error in the service's own word, or by the SDK's class."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def explained(error: ClientError | BotoCoreError | Boto3Error) -> str:
    """Say what an error of AWS means and what to do."""
    if isinstance(error, Boto3Error) and isinstance(error.__context__, ClientError):
        error = error.__context__  # what was refused while a file was uploaded in parts
    name = code(error)
    operation = getattr(error, "operation_name", "a call")
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return "no credentials: sign in to the account (aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    if name == "ProfileNotFound":
        return f"{error}: see the profiles with aws configure list-profiles"
    meanings = {
        EXPIRED: "the credentials have expired: sign in again (aws sso login) and run this again",
        UNKNOWN: "AWS does not know these credentials: look at aws sts get-caller-identity",
        REFUSED: f"these credentials may not do {operation}: {error}",
        AWAY: f"AWS does not answer: {error}. Look at the network and at AWS_DEFAULT_REGION",
    }
    found = [text for names, text in meanings.items() if name in names]
    return found[0] if found else f"AWS refused {operation}: {error}"
