"""What a user may spend in a day, and what was spent: it is spent whatever happens to the area afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import LimitReached

Amounts = Mapping["Spending", int]


class Spending(StrEnum):
    """What is counted. Each has a budget of its own; one without has none that limits it."""

    TILES = "tiles"  # planned to be captured
    COMPARISONS = "comparisons"  # of stored images, planned because somebody asked
    REQUESTS = "requests"  # to a provider, at most: an image that is stored already is not asked for
    ESTIMATES = "estimates"
    COST = "cost_usd_millionths"  # of the requests, as the provider's terms say
    AREA_TILES = "area_tiles"  # of one area, whatever the day: a limit, of which nothing is spent


class TileLimits(NamedTuple):
    """How many tiles a user may have watched."""

    of_area: int
    a_day: int


def start_of_day(now: datetime) -> datetime:
    """Return the UTC midnight from which a day's budget counts."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def check_budgets(needed: Amounts, *, spent: Amounts, budgets: Amounts, now: datetime) -> None:
    """Raise LimitReached, with the time at which the day is over, if what is needed exceeds what is left."""
    for kind, amount in needed.items():
        used, budget = spent.get(kind, 0), budgets.get(kind)
        if budget is None or used + amount <= budget:
            continue
        words = {
            Spending.TILES: f"{used} of today's {budget} tiles are used, and this area needs {amount}",
            Spending.COST: f"{used / 1e6:.2f} of today's {budget / 1e6:.2f} USD are spent, and this needs "
            f"{amount / 1e6:.2f}",
        }
        raise LimitReached(
            words.get(kind, f"{used} of today's {budget} {kind} are used, and this needs {amount}"),
            retry_after_s=int((start_of_day(now) + timedelta(days=1) - now).total_seconds()) + 1,
        )


def of_tiles(tiles: int, *, cost_usd: float) -> dict[Spending, int]:
    """Return what capturing tiles spends at most, of a provider that takes so much for a request."""
    return {Spending.TILES: tiles, Spending.REQUESTS: tiles, Spending.COST: round(tiles * cost_usd * 1e6)}
