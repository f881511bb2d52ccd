"""Pushes to people's phones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.pushes import Notice, Receipt, Target


class Push(Protocol):
    """Sends pushes to people's phones."""

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        """Push to each target; one receipt for each. Raises Unavailable if nothing at all could be sent."""
        ...

    def check(self) -> str:
        """Return a sentence on how pushes stand, without sending one. Raises NotFound, Invalid, Unavailable."""
        ...
