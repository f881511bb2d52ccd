"""The AWS account that the credentials open."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from infra.errors import OperatorError


class Account:
    """Clients of one account and region, each made once. Raises OperatorError where there is no region."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        self._clients: dict[str, Any] = {}
        if not self.region:
            raise OperatorError(
                "no region is set: say where the stage is to live, as in export AWS_DEFAULT_REGION=ap-south-1"
            )

    @property
    def region(self) -> str:
        """Return the region's name, "" for none."""
        return self._session.region_name or ""

    @cached_property
    def number(self) -> str:
        """Return the account's twelve digits. Raises OperatorError if the region lacks Lambda."""
        known = self._session.get_available_regions("lambda")  # of the partition aws, as the policies' ARNs are
        if self.region not in known:
            near = " or ".join(get_close_matches(self.region, known, 3) or ["ap-south-1"])
            raise OperatorError(
                f"there is no region {self.region} with Lambda in it: set AWS_DEFAULT_REGION, as to {near}"
            )
        return str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
        """Return the client of a service; it retries what was not answered."""
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10)
            self._clients[service] = self._session.client(service, config=config)
        return self._clients[service]

    def once(self, service: str, *, waits_s: float) -> Any:  # noqa: ANN401 (as above)
        """Make a client that asks a single time: what was not answered may have been done all the same."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=waits_s, connect_timeout=10)
        return self._session.client(service, config=config)
