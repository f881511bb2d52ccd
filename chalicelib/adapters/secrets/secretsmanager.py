"""Secrets in AWS Secrets Manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from chalicelib.adapters.aws import AWS_ERRORS, code
from chalicelib.application.ports.secrets import Secrets
from chalicelib.domain.errors import NotFound, Unavailable


class SecretsManagerSecrets(Secrets):
    """Secrets Manager's secrets, each kept for `keep_s` seconds: a rotated one is noticed without a deploy.

    A name that is an ARN is another's secret, and takes no prefix.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 (boto3 makes its clients at run time)
        *,
        clock_monotonic: Callable[[], float],
        prefix: str = "",
        keep_s: float = 300,
    ) -> None:
        self._client = client
        self._clock = clock_monotonic
        self._prefix = prefix
        self._keep_s = keep_s
        self._kept: dict[str, tuple[str, float]] = {}

    @override
    def get(self, name: str) -> str:
        text, until = self._kept.get(name, ("", 0.0))
        if text and self._clock() < until:
            return text
        text = self._read(name if name.startswith("arn:") else self._prefix + name)
        self._kept[name] = (text, self._clock() + self._keep_s)
        return text

    def _read(self, full_name: str) -> str:
        try:
            text = self._client.get_secret_value(SecretId=full_name).get("SecretString")
        except AWS_ERRORS as error:
            if code(error) == "ResourceNotFoundException":
                raise NotFound(f"there is no secret {full_name} in Secrets Manager") from error
            raise Unavailable(f"the secret {full_name} cannot be read: {code(error)}") from error
        if not text:
            raise NotFound(f"the secret {full_name} holds no text")
        return str(text)
