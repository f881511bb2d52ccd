"""Part of a list: what is asked for, and what is given."""

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Page(NamedTuple):
    """Which part of a list is asked for: at most `limit` items, beyond the one with that id."""

    limit: int
    beyond: int | None = None


class Slice(NamedTuple, Generic[T]):
    """Part of a list; `beyond` is what to ask for next, None at the end; `total` counts the whole list."""

    items: list[T]
    total: int
    beyond: int | None
