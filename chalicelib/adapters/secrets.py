"""Secrets by name: from the environment at home, from Secrets Manager on AWS."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chalicelib.adapters.aws import AWS_ERRORS, code
from chalicelib.domain.errors import NotFound, Unavailable


class EnvironmentSecrets:
    """The secrets that the environment gave at the start: BHUPRAHARI_SECRET_LINK_KEY is `link-key`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str) -> str:
        """Give a secret's text. Raises NotFound."""
        if text := self._values.get(name):
            return text
        variable = "BHUPRAHARI_SECRET_" + name.upper().replace("-", "_")
        raise NotFound(f"there is no secret {name}: set {variable}")


class HomeSecrets:
    """The environment's secrets, and beside them those that one machine can make for itself, kept in a folder."""

    def __init__(self, values: Mapping[str, str], *, folder: Path, makers: Mapping[str, Callable[[], str]]) -> None:
        self._given = EnvironmentSecrets(values)
        self._folder, self._makers = folder, dict(makers)

    def get(self, name: str) -> str:
        """Give a secret's text, made at the first call if it can be. Raises NotFound."""
        try:
            return self._given.get(name)
        except NotFound:
            if name not in self._makers:
                raise
        path = self._folder / name
        if not path.exists():
            self._make(path, self._makers[name]())
        return path.read_text(encoding="utf-8")

    def _make(self, path: Path, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(text, encoding="utf-8")
        # Of two processes that start together one link wins, and both read what it wrote.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()


class SecretsManagerSecrets:
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

    def get(self, name: str) -> str:
        """Give a secret's text. Raises NotFound, Unavailable."""
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
