"""Keyset pagination: a page begins after the last item of the one before, also if items were added meanwhile."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class PageRequest(NamedTuple):
    """Which part of a list is asked for: at most `limit` items, after the one with that id."""

    limit: int
    after: int | None = None


class Page(NamedTuple, Generic[T]):
    """Part of a list; `next_after` is what to ask for next, None at the end; `total` counts the whole list."""

    items: list[T]
    total: int
    next_after: int | None
