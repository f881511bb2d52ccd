"""What an archive has and cannot use, as users are told: without names of files.

docs/archive.md, "What cannot be used, and may be newer", has the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.catalogue import Listing
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.domain.scenes import Item, Refused, shown_share, why_not_of_then
from chalicelib.domain.tiles import Bounds

_UNREAD = "it cannot be read"


class Bad(NamedTuple):
    """What cannot be used."""

    place: str  # for the log alone
    written_at: datetime | None  # when its file came to lie there: what does not say when was taken before
    captured_at: datetime | None
    grounds: tuple[Bounds, ...]  # empty: not known
    says: str


class Waiting(NamedTuple):
    """How many pictures no item names, which are in nobody's way."""

    waiting: int


class Dated(NamedTuple):
    """When and of which ground an item is that can be used as soon as its time can be."""

    place: str
    written_at: datetime | None
    captured_at: datetime
    ground: Bounds


def refusals(
    bad: Iterable[Bad], dated: Iterable[Dated], area: Bounds, *, since: datetime, until: datetime
) -> tuple[Refused, ...]:
    """Return what may show the area, and cannot be used: newest first, and one for all whose ground is not known.

    What does not say when it was taken was taken before its file came to lie there.
    """
    here: list[Refused] = []
    nowhere: list[Refused] = []
    for each in (*bad, *_of_no_time(dated, since=since, until=until)):
        when, says = each.captured_at, each.says
        if when is not None and (odd := why_not_of_then(when, since=since, until=until)):
            when, says = None, f"{says}; and {odd}"
        at = when or min(each.written_at or until, until)
        if not each.grounds:
            nowhere.append(Refused(at, None, says))
        touching = (ground for ground in each.grounds if shown_share(Item("", at, "", ground), area, (0.0, 0.0)) > 0)
        here += [Refused(at, ground, _sentence(when, says)) for ground in touching]
    here.sort(key=lambda each: each.captured_at, reverse=True)
    return (*_as_one(nowhere), *here)


def bad_of(listing: Listing) -> list[Bad]:
    """Return what cannot be used of a listing, whatever the time."""
    written = listing.files.written
    whole = [(file, file.name, document.bad) for file, document in listing.documents.items() if document.bad]
    items = [(read.file, read.place, read.found) for read in listing.reads if isinstance(read.found, BadItem)]
    return [
        *(Bad(place, written.get(file.name), bad.captured_at, bad.grounds, bad.says) for file, place, bad in whole),
        *(Bad(place, written.get(file.name), bad.captured_at, bad.grounds, bad.says) for file, place, bad in items),
        *(Bad(left.name, None, None, (), _UNREAD) for left in listing.files.left_out if left.is_unread),
    ]


def dated_of(listing: Listing) -> list[tuple[Entry, Dated]]:
    """Return the items of a listing that can be used, with when and of which ground they are."""
    return [
        (found, Dated(read.place, listing.files.written.get(read.file.name), found.item.captured_at, found.bounds))
        for read in listing.reads
        if isinstance(found := read.found, Entry) and not read.same_as
    ]


def _of_no_time(dated: Iterable[Dated], *, since: datetime, until: datetime) -> Iterator[Bad]:
    for each in dated:
        why = why_not_of_then(each.captured_at, since=since, until=until)
        if why is not None:
            yield Bad(each.place, each.written_at, None, (each.ground,), why)


def _sentence(when: datetime | None, says: str) -> str:
    if when is None:
        return f"a picture that may be newer cannot be used: {says}"
    return f"the picture of {when:%Y-%m-%d} cannot be used: {says}"


def _as_one(nowhere: list[Refused]) -> list[Refused]:
    if not nowhere:
        return []
    newest = max(nowhere, key=lambda each: each.captured_at)
    what = "a file" if len(nowhere) == 1 else f"{len(nowhere)} files"
    says = f"{what} of the archive cannot be used, nor is it known of which ground, and may be newer: {newest.reason}"
    return [newest._replace(reason=says)]
