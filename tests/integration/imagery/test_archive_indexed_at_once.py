"""The index of an archive under several processes: one reads at a time, and none undoes what another one did."""

from collections import Counter
from contextlib import suppress

import pytest

from chalicelib.adapters.imagery import indexed, reading
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.errors import Unavailable
from tests.support.builders.archives import put
from tests.support.builders.scenes import search
from tests.support.indexed_archive import AREA, Counted, ids
from tests.support.timing import at_once
from tests.support.trip import Trip


def test_a_large_archive_is_read_in_parts_and_nothing_is_told_of_it_until_all_is_read(home, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 4)
    for number in range(10):
        put(home.folder, f"n{number}", AREA, taken=f"2024-05-{number + 10}T10:30:00Z")

    class Slow(Counted):
        def _ask(self, file):
            super()._ask(file)
            home.monotonic_s += indexed.TICK_S / 6

    asked = Counter()
    for _ in range(10):
        archive = home.process(Slow(home.folder))  # each tick a process that knows nothing
        archive.refresh()
        asked += home.store.asked
        if home.index.state(archive._holdings._archive).is_built:
            break
        with pytest.raises(Unavailable, match="the archive's new files are being read"):
            search(home.process(Slow(home.folder)), AREA)
        asked += home.store.asked
        with pytest.raises(Unavailable, match="the archive's new files are being read"):
            home.process(Slow(home.folder)).grid(AREA)
        asked += home.store.asked
    assert asked["read"] == 20, "each file once"
    assert len(ids(search(archive, AREA))) == 10


def test_a_process_that_is_killed_leaves_what_it_has_read_and_no_lock_for_good(home, monkeypatch):
    monkeypatch.setattr(reading, "AT_ONCE", 4)
    for number in range(6):
        put(home.folder, f"n{number}", AREA, taken=f"2024-05-1{number}T10:30:00Z")

    class Killed(Exception):
        pass

    class Mortal(Counted):
        def _ask(self, file):
            super()._ask(file)
            if self.asked["read"] > 8:
                raise Killed

    archive = home.process(Mortal(home.folder))
    monkeypatch.setattr(home.index, "release", lambda *_, **__: None, raising=False)  # it has no last words
    with suppress(Killed):
        archive.refresh()
    monkeypatch.undo()
    waiting = home.process()
    with pytest.raises(Unavailable, match="the archive's new files are being read"):
        search(waiting, AREA)
    home.later(indexed.TICK_S + indexed.LEASE_SPARE_S)
    assert len(ids(search(waiting, AREA))) == 6
    assert home.store.asked["read"] < 12


def test_of_processes_at_once_one_reads_and_all_see_the_same(home):
    for number in range(6):
        put(home.folder, f"n{number}", AREA, taken=f"2024-05-0{number + 1}T10:30:00Z")
    for around in range(4):
        put(home.folder, f"new {around}", AREA, taken=f"2025-05-0{around + 1}T10:30:00Z")
        stores = [Counted(home.folder) for _ in range(5)]
        archives = [ArchiveImagery(TERMS, store, home.holdings) for store in stores]
        home.monotonic_s = 0.0
        found = at_once(*[lambda each=each: search(each, AREA) for each in archives])
        assert [len(ids(each)) for each in found] == [7 + around] * 5
        assert sum(store.asked["read"] for store in stores) == (14 if around == 0 else 2), "what is new, once"


def test_nobody_puts_an_older_listing_in_the_place_of_a_newer_one(home):
    put(home.folder, "old", AREA)

    class Overtaken(Counted):
        """Lists; then, before it goes on, another process sees and indexes a newer file."""

        def list_files(self):
            files = super().list_files()
            if self.asked["list"] == 1:
                put(home.folder, "new", AREA, taken="2025-05-01T10:30:00Z")
                ArchiveImagery(TERMS, Counted(home.folder), home.holdings).refresh()
            return files

    archive = home.process(Overtaken(home.folder))
    assert ids(search(archive, AREA)) == ["new", "old"]
    assert home.store.asked["list"] == 2


def test_each_tick_of_reconcile_refreshes_the_index_and_an_archive_that_is_away_stops_nothing(home, engine, caplog):
    put(home.folder, "a", AREA)
    trip = Trip(engine)
    trip.archive = home.process()
    trip.reconcile()
    looking = home.process()
    assert looking.grid(AREA)
    assert not home.store.asked, "the tick has read it"
    put(home.folder, "b", AREA)
    trip.reconcile()
    assert home.index.state(trip.archive._holdings._archive).usable == 2
    home.folder.rename(home.folder.with_name("away"))
    trip.reconcile()
    assert "archive not refreshed" in caplog.text
    assert looking.grid(AREA), "what is known stays"


def test_another_release_has_an_index_of_its_own(home, monkeypatch):
    put(home.folder, "a", AREA)
    before = home.process()
    before.refresh()
    monkeypatch.setattr(indexed, "reader", lambda: "another")
    after = home.process()
    assert ids(search(after, AREA)) == ["a"]
    assert home.store.asked["read"] == 2, "what the other one read may be wrong"
    home.later(2 * 86_400)
    for _ in range(4):
        after.refresh()
    home.store.asked.clear()
    before_again = before._holdings._archive
    assert not home.index.state(before_again).is_built, "it is deleted when nobody has looked at it for a day"
    assert ids(search(after, AREA)) == ["a"]
