"""Secrets that a test gives."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain.errors import NotFound, Unavailable


class FixedSecrets:
    """Secrets that are given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.away = False

    def get(self, name: str) -> str:
        if self.away:
            raise Unavailable("the secret store is away")
        if not self.values.get(name):
            raise NotFound(f"there is no secret {name}")
        return self.values[name]
