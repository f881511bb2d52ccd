"""Keyset pagination: a page begins after the last item of the one before, also if items were added meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST_COUNTED = 1000


class PageRequest(NamedTuple):
    """Which part of a list is asked for: at most `limit` items, after the one with that id.

    The whole list is counted as far as `count_to` items, however long it is; None counts all of it, 0 nothing.
    """

    limit: int
    after: int | None = None
    count_to: int | None = MOST_COUNTED


class Page(NamedTuple, Generic[T]):
    """Part of a list; `next_after` is what to ask for next, None at the end.

    `keys` are what to ask for after each of its items. `total` counts the whole list; None: it was not counted.
    """

    items: list[T]
    total: int | None
    next_after: int | None
    keys: list[int]

    def shown(self, show: Callable[[T], R]) -> Page[R]:
        """Return the same page of what its items are shown as."""
        return Page([show(item) for item in self.items], self.total, self.next_after, self.keys)
