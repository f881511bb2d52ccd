"""What an archive has and cannot use, as users are told: without names of files.

docs/archive.md, "What cannot be used, and may be newer", has the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.catalogue import Entry, Listing
from chalicelib.domain.scenes import Item, Refused, shown_share, why_not_of_then
from chalicelib.domain.tiles import Bounds

_UNREAD = "it cannot be read"


class _Bad(NamedTuple):
    file: str
    captured_at: datetime | None
    grounds: tuple[Bounds, ...]
    says: str


def refusals(listing: Listing, area: Bounds, *, since: datetime, until: datetime) -> tuple[Refused, ...]:
    """Return what may show the area, and cannot be used: newest first, and one for all whose ground is not known.

    What does not say when it was taken was taken before its file came to lie there.
    """
    here: list[Refused] = []
    nowhere: list[Refused] = []
    for bad in _all_bad(listing, since=since, until=until):
        when, says = bad.captured_at, bad.says
        if when is not None and (odd := why_not_of_then(when, since=since, until=until)):
            when, says = None, f"{says}; and {odd}"
        at = when or min(listing.files.written.get(bad.file, until), until)
        if not bad.grounds:
            nowhere.append(Refused(at, None, says))
        touching = (ground for ground in bad.grounds if shown_share(Item("", at, "", ground), area, (0.0, 0.0)) > 0)
        here += [Refused(at, ground, _sentence(when, says)) for ground in touching]
    here.sort(key=lambda each: each.captured_at, reverse=True)
    return (*_as_one(nowhere), *here)


def _sentence(when: datetime | None, says: str) -> str:
    if when is None:
        return f"a picture that may be newer cannot be used: {says}"
    return f"the picture of {when:%Y-%m-%d} cannot be used: {says}"


def _all_bad(listing: Listing, *, since: datetime, until: datetime) -> Iterator[_Bad]:
    for file, document in listing.documents.items():
        if document.bad is not None:
            yield _of(file.name, document.bad)
    for read in listing.reads:
        if isinstance(read.found, BadItem):
            yield _of(read.file.name, read.found)
        elif isinstance(read.found, Entry) and not read.same_as:
            why = why_not_of_then(read.found.item.captured_at, since=since, until=until)
            if why is not None:
                yield _Bad(read.file.name, None, (read.found.bounds,), why)
    for left in listing.files.left_out:
        if left.is_unread:
            yield _Bad(left.name, None, (), _UNREAD)


def _of(file: str, bad: BadItem) -> _Bad:
    return _Bad(file, bad.captured_at, bad.grounds, bad.says)


def _as_one(nowhere: list[Refused]) -> list[Refused]:
    if not nowhere:
        return []
    newest = max(nowhere, key=lambda each: each.captured_at)
    what = "a file" if len(nowhere) == 1 else f"{len(nowhere)} files"
    says = f"{what} of the archive cannot be used, nor is it known of which ground, and may be newer: {newest.reason}"
    return [newest._replace(reason=says)]
