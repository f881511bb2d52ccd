"""The ledger: what users spent, each day, and what they may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.budgets import Spending, TileLimits


class Account(NamedTuple):
    """A user's day: what was spent of each kind, and the budget; None: none that limits it."""

    user_id: int
    spent: Mapping[Spending, int]
    budgets: Mapping[Spending, int | None]


class Ledger(Protocol):
    """What users spent. Sessions charge it in the transaction that opens them."""

    def charge(self, user_id: int, kind: Spending, *, now: datetime) -> None:
        """Write that a user spent one of a kind. Raises LimitReached, and nothing is spent."""
        ...

    def tile_limits(self, user_id: int) -> TileLimits:
        """Return how many tiles a user may have watched: everybody's limits, or what the operator gave him."""
        ...

    def most_tiles(self, area_id: int) -> int:
        """Return of how many tiles an area may be at most: by its owner's limits, of an area and of a day."""
        ...

    def account(self, email: str, *, now: datetime) -> Account:
        """Return the account of the user with an e-mail address. Raises NotFound."""
        ...

    def set_budgets(self, email: str, amounts: Mapping[Spending, int | None], *, now: datetime) -> None:
        """Give a user other budgets than everybody's, as an operator's deed; None: everybody's again. Raises NotFound.

        All of them or none, and the audit log says so.
        """
        ...
