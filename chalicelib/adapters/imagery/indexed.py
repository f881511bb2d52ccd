"""An archive by its index: kept in the database, refreshed by what has changed, and never read for a tile."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from datetime import timedelta

from typing_extensions import override

from chalicelib.adapters.imagery.catalogue import Listing
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.holdings import Count, Held, Holdings
from chalicelib.adapters.imagery.hosts import shown
from chalicelib.adapters.imagery.item_store import Files, ItemStore
from chalicelib.adapters.imagery.reading import Reading
from chalicelib.adapters.imagery.refusals import Bad, Waiting, bad_of, dated_of
from chalicelib.adapters.imagery.written import Usable, read_item, reader, write_bad, write_usable, write_waiting
from chalicelib.application.ports.archive_index import ArchiveIndex
from chalicelib.application.ports.clock import Clock, Monotonic, Sleep
from chalicelib.domain.archives import Build, IndexedItem, IndexState
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.tiles import Bounds

TICK_S = 60.0  # of a tick's two minutes on AWS
ASK_S = 15.0  # of what a request, or a tile's job, may take
LEASE_SPARE_S = 60.0  # beyond the time for reading: to put the build in its place
WAIT_S = 0.25
LEFT_OVER_AFTER = timedelta(days=1)
AT_ONCE = 5000  # rows of an index that nobody uses any more

NOWHERE = Bounds(0.0, 0.0, 1e-6, 1e-6)  # a spot in the sea, of which an index has what may be any ground
UNWRITABLE = "it has half a character (a lone surrogate, such as \\ud800), which no database takes"

logger = logging.getLogger(__name__)


class Indexed(Holdings):
    """What an archive holds, by its index."""

    def __init__(
        self,
        store: ItemStore,
        index: ArchiveIndex,
        *,
        place: str,
        clock: Clock,
        sleep: Sleep,
        monotonic: Monotonic,
    ) -> None:
        self._store, self._index = store, index
        self._archive = hashlib.sha256(f"{reader()}\n{place}".encode()).hexdigest()
        self._reading = Reading(store, index, archive=self._archive)
        self._clock, self._sleep, self._monotonic = clock, sleep, monotonic

    @override
    def over(self, ground: Bounds) -> Held:
        """Return what the index has of some ground; where that is nothing, after a look at the archive."""
        state = self._index.state(self._archive)
        held = self._held(state, ground) if state.is_built else None
        return held if held is not None and held.entries else self.over_now(ground)

    @override
    def over_now(self, ground: Bounds) -> Held:
        """Return what the index has of some ground, once it is of the archive as it is now."""
        return self._held(self._state_now(), ground)

    @override
    def count_now(self) -> Count:
        return self._held(self._state_now(), NOWHERE).in_all

    @override
    def named(self, item_ids: Collection[str]) -> list[Entry]:
        found = (read_item(each) for each in self._index.named(self._archive, item_ids))
        return [each.entry for each in found if isinstance(each, Usable)]

    @override
    def listing(self) -> Listing:
        """Look at every file, at those of before by the index."""
        listing = self._reading.read(self._store.list_files(), has_time=lambda: True)
        if listing is None:
            raise AssertionError("there is time for all")
        return listing

    @override
    def refresh(self) -> None:
        """Bring the index to what the archive holds; a large one in several calls."""
        if not self._refresh(TICK_S, also_unread=True):
            logger.warning("archive not read to its end")
        before = self._clock() - LEFT_OVER_AFTER
        if deleted := self._index.delete_left_over(self._archive, before=before, limit=AT_ONCE):
            logger.info("old archive index deleted", extra={"rows": deleted})

    def _state_now(self) -> IndexState:
        if not self._refresh(ASK_S):
            raise Unavailable("the archive's new files are being read: it goes on by itself, in some minutes at most")
        return self._index.state(self._archive)

    def _held(self, state: IndexState, ground: Bounds) -> Held:
        found = [read_item(each) for each in self._index.over(self._archive, ground)]
        usable = [each for each in found if isinstance(each, Usable)]
        bad = list(dict.fromkeys(each for each in found if isinstance(each, Bad)))  # one may be of several grounds
        waiting = sum(each.waiting for each in found if isinstance(each, Waiting))
        count = Count(state.usable, state.bad, waiting)
        return Held([each.entry for each in usable], [each.dated for each in usable], bad, count)

    def _refresh(self, within_s: float, *, also_unread: bool = False) -> bool:
        """List the archive, and build the index anew where it is of another listing; False where time ran out.

        Of several processes one builds, the others wait for it. Nobody puts an older listing in a newer one's place:
        who lists reads the index's fence first, and builds only while it is the same.
        """
        ends_s = self._monotonic() + within_s
        state = self._index.state(self._archive)
        while True:
            files = self._store.list_files()
            listing = _digest(files)
            if state.listing == listing and not (also_unread and state.unread):
                self._index.looked(self._archive, listing=listing, now=self._clock())
                return True
            lease_s = max(0.0, ends_s - self._monotonic()) + LEASE_SPARE_S
            fence = self._index.begin(self._archive, fence=state.fence, now=self._clock(), lease_s=lease_s)
            if fence is not None:
                return self._build(files, listing, fence, lambda: self._monotonic() < ends_s)
            settled = self._settled(ends_s)
            if settled is None:
                return False
            if settled.listing == listing:
                return True
            state = settled

    def _settled(self, ends_s: float) -> IndexState | None:
        """Wait until nobody builds; None where time ran out."""
        while True:
            state = self._index.state(self._archive)
            if state.lease_until is None or state.lease_until <= self._clock():
                return state
            if self._monotonic() >= ends_s:
                return None
            self._sleep(WAIT_S)

    def _build(self, files: Files, listing: str, fence: int, has_time: Callable[[], bool]) -> bool:
        try:
            read = self._reading.read(files, has_time=has_time)
            if read is None:
                return False
            build = _build_of(read, listing, unread=len(self._reading.unread))
            done = self._index.publish(self._archive, build, fence=fence, now=self._clock())
        finally:
            self._index.release(self._archive, fence=fence, now=self._clock())
        if done:
            self._index.forget_others(self._archive, [file.name for file in (*files.files, *read.elsewhere)])
        return done


def _build_of(read: Listing, listing: str, *, unread: int) -> Build:
    usable = dated_of(read)
    items: list[IndexedItem] = [item for bad in bad_of(read) for item in write_bad(bad)]
    items += [write_waiting(read.waiting)] if read.waiting else []
    unwritten = 0
    for entry, dated in usable:
        try:
            items.append(write_usable(entry, dated))
        except ValueError:  # half a surrogate pair: no database and no answer takes it
            logger.warning("archive item skipped", extra={"file": shown(entry.image.name), "reason": UNWRITABLE})
            unwritten += 1
    return Build(
        listing=listing,
        items=items,
        usable=len(usable) - unwritten,
        bad=len(read.bad) + unwritten,
        unread=unread,
    )


def _digest(files: Files) -> str:
    listed = files.files, files.left_out, sorted(files.written.items())
    return hashlib.sha256(repr(listed).encode()).hexdigest()
