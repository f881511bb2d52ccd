"""What an archive holds, as its provider asks for it: by a look at every file, or by an index (`indexed.py`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from typing_extensions import override

from chalicelib.adapters.imagery.catalogue import Catalogue, Listing
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.item_store import ItemStore
from chalicelib.adapters.imagery.refusals import Bad, Dated, bad_of, dated_of
from chalicelib.domain.tiles import Bounds


class Count(NamedTuple):
    """How much an archive holds."""

    usable: int  # items
    bad: int  # files and items that cannot be used
    waiting: int = 0  # pictures that no item names: nobody says when they were taken


class Held(NamedTuple):
    """What an archive has of some ground."""

    entries: list[Entry]  # at least those that show some of it
    dated: list[Dated]  # of the entries
    bad: list[Bad]  # at least those that may show some of it
    in_all: Count


class Holdings(Protocol):
    """What an archive holds. Every method raises ProviderUnavailable, Unavailable."""

    def over(self, ground: Bounds) -> Held:
        """Return what it had of some ground a minute ago at most; where that is nothing, what it has now."""
        ...

    def over_now(self, ground: Bounds) -> Held:
        """Return what it has of some ground, as its files are now."""
        ...

    def named(self, item_ids: Collection[str]) -> list[Entry]:
        """Return at least the items of these ids, as far as they are there."""
        ...

    def count_now(self) -> Count:
        """Return how much it holds, as its files are now."""
        ...

    def listing(self) -> Listing:
        """Look at every file, as it is now."""
        ...

    def refresh(self) -> None:
        """Take notice of what has changed."""
        ...


class LookedAt(Holdings):
    """An archive without an index: each time it is looked at whole."""

    def __init__(self, store: ItemStore) -> None:
        self._catalogue = Catalogue(store)

    @override
    def over(self, ground: Bounds) -> Held:
        return self.over_now(ground)

    @override
    def over_now(self, ground: Bounds) -> Held:
        listing = self.listing()
        dated = dated_of(listing)
        return Held([entry for entry, _ in dated], [each for _, each in dated], bad_of(listing), _count(listing))

    @override
    def count_now(self) -> Count:
        return _count(self.listing())

    @override
    def named(self, item_ids: Collection[str]) -> list[Entry]:
        return self.listing().entries

    @override
    def listing(self) -> Listing:
        return self._catalogue.look()

    @override
    def refresh(self) -> None:
        pass  # there is nothing to bring up to date


def _count(listing: Listing) -> Count:
    return Count(len(listing.entries), len(listing.bad), listing.waiting)
