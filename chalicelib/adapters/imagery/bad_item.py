"""What stands in the way of using an item, as a value: for the operator with names, for everybody else without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import core_schema

from chalicelib.domain.tiles import Bounds


class _Written(NamedTuple):
    """All that a bad item says, as it is written down: pydantic knows no exceptions."""

    says: str
    named: str
    remedy: str
    captured_at: datetime | None
    grounds: tuple[Bounds, ...]


class BadItem(ValueError):
    """It cannot be used as an item; it may say when and where it was taken.

    `str()` is for the operator. `says` is the same without the names of files: users may read it.
    """

    def __init__(self, says: str, *, named: str = "", remedy: str = "") -> None:
        super().__init__(f"{says}: {named}" if named else says)
        self.says, self.named = says, named
        self.remedy = remedy  # what to do about it, where the reason does not say so
        self.captured_at: datetime | None = None
        self.grounds: tuple[Bounds, ...] = ()  # as they are stated, or as they must be meant; empty: not known

    def again(self, captured_at: datetime | None = None, ground: Bounds | None = None) -> BadItem:
        """Return it for another item: an exception that is kept must not be raised itself, as it gathers tracebacks."""
        other = BadItem(self.says, named=self.named, remedy=self.remedy)
        other.captured_at = captured_at
        other.grounds = self.grounds or (() if ground is None else (ground,))
        return other

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, handler: Callable[[Any], Any]) -> core_schema.CoreSchema:
        def read(written: _Written) -> BadItem:
            bad = cls(written.says, named=written.named, remedy=written.remedy)
            bad.captured_at, bad.grounds = written.captured_at, written.grounds
            return bad

        def write(bad: BadItem) -> _Written:
            return _Written(**vars(bad))

        written = core_schema.plain_serializer_function_ser_schema(write)
        return core_schema.no_info_after_validator_function(read, handler(_Written), serialization=written)
