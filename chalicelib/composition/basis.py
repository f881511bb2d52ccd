"""What the ports of a process are made of: its settings, its time and randomness, its secrets, its way to AWS."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.application.ports.clock import Clock, Jitter, Monotonic, NewId, NewToken, Sleep
    from chalicelib.application.ports.secrets import Secrets
    from chalicelib.application.ports.shapes import Shapes


def system_clock() -> datetime:
    """Tell the time, as aware UTC."""
    return datetime.now(UTC)


def full_jitter(most_s: float) -> float:
    """Draw a wait between 0 and that many seconds."""
    return random.uniform(0, most_s)


def new_token() -> str:
    """Make an unguessable text: 32 random bytes, URL-safe."""
    return token_urlsafe(32)


def new_id() -> str:
    """Make an id that was never used before."""
    return str(uuid4())


class Basis:
    """What every port may need. Time, waiting and randomness are given, so that a test or a simulation drives them."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        sleep: Sleep = time.sleep,
        jitter: Jitter = full_jitter,
        new_token: NewToken = new_token,
        new_id: NewId = new_id,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self.settings = settings
        self.clock, self.sleep, self.jitter, self.monotonic = clock or system_clock, sleep, jitter, monotonic
        self.new_token, self.new_id = new_token, new_id

    @cached_property
    def secrets(self) -> Secrets:
        """The secret store."""
        if self.settings.secrets.secrets_store == "secretsmanager":
            from chalicelib.adapters.secrets.secretsmanager import SecretsManagerSecrets

            return SecretsManagerSecrets(
                self.aws_client("secretsmanager"),
                clock_monotonic=self.monotonic,
                prefix=self.settings.secrets.secrets_prefix,
            )
        from chalicelib.adapters.secrets.home import HomeSecrets

        makers: dict[str, Callable[[], str]] = {
            self.settings.accounts.token_secret: lambda: json.dumps({"home-1": self.new_token()}),
            self.settings.images.link_secret: self.new_token,
        }
        return HomeSecrets(self.settings.extra, folder=Path(self.settings.process.home) / "secrets", makers=makers)

    def secret_text(self, name: str) -> str:
        """Return a secret's text. Raises Unavailable."""
        try:
            return self.secrets.get(name)
        except NotFound as error:  # to a client, that is no 404
            raise Unavailable(error.reason) from error

    def aws_client(self, service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
        """Make the client of one of AWS's services."""
        from chalicelib.adapters.aws import client

        return client(service, endpoint_url=self.settings.process.aws_endpoint_url)

    @property
    def shapes(self) -> Shapes:
        """The geometry of shapes."""
        from chalicelib.adapters.shapes.geometry import GeosShapes

        return GeosShapes()
