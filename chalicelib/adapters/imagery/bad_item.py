"""What stands in the way of using an item, as a value: for the operator with names, for everybody else without."""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.tiles import Bounds


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
