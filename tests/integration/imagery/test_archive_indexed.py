"""An archive by its index: the same answers as by a look at every file, and hardly a file read for them."""

import json
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from chalicelib.adapters.imagery import indexed, reading
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.catalogue import Catalogue
from chalicelib.adapters.imagery.indexed import Indexed
from chalicelib.adapters.imagery.item_store import FolderItemStore, Unreadable
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.written import Says, read_file, write_file
from chalicelib.domain.errors import NoCoverage, ProviderUnavailable, Unavailable
from chalicelib.domain.tiles import Bounds, tiles_covering
from tests.support.builders.archives import item, noise, put, rows_of, square
from tests.support.builders.scenes import newest, search
from tests.support.fakes.archive_index import MemoryArchiveIndex
from tests.support.running.pairs import SHARED
from tests.support.timing import at_once
from tests.support.trip import Trip

AREA = square(28.6, 77.2, width_px=300, height_px=200, gsd_m=0.5).bounds
CASES = sorted(each.parent.name for each in (SHARED / "field-cases").glob("*/files"))  # none where they are not
NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Counted(FolderItemStore):
    """A folder that counts how often it is asked, and can be away, slow or short of a file."""

    def __init__(self, folder):
        super().__init__(folder)
        self.asked, self.broken, self.gate = Counter(), set(), None

    def list_files(self):
        self.asked["list"] += 1
        return super().list_files()

    def read(self, file):
        self._ask(file)
        return super().read(file)

    def ends(self, file):
        self._ask(file)
        return super().ends(file)

    def _ask(self, file):
        self.asked["read"] += 1
        if file.name in self.broken:
            raise Unreadable(f"the archive's {file.name} cannot be read: Permission denied")


class Home:
    """An archive in a folder, its index, and as many processes as are asked for. Time moves when it is told to."""

    def __init__(self, folder, index):
        self.folder, self.index, self.now = folder, index, NOW
        self.monotonic_s = 0.0

    def process(self, store=None):
        self.store = store or Counted(self.folder)
        return ArchiveImagery(TERMS, self.store, self.holdings)

    def holdings(self, store):
        ways = {"clock": lambda: self.now, "sleep": self.sleep, "monotonic": self.monotonic}
        return Indexed(store, self.index, place="here", **ways)

    def sleep(self, seconds):
        time.sleep(0.002)
        self.monotonic_s += seconds

    def monotonic(self):
        return self.monotonic_s

    def later(self, seconds=60):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def home(tmp_path, engine):
    folder = tmp_path / "pictures"
    folder.mkdir()
    return Home(folder, SqlArchiveIndex(engine))


@pytest.fixture
def memory(tmp_path):
    return Home(tmp_path, MemoryArchiveIndex())


def first_view(archive):
    grid = archive.grid(AREA)
    return grid.view(next(iter(tiles_covering(AREA, grid.zoom))))


def ids(found):
    return sorted(each.item_id for scene in found.scenes for each in scene.items)


def test_a_process_that_has_just_begun_reads_no_file_of_an_archive_that_is_indexed(home):
    for number in range(5):
        put(home.folder, f"n{number}", AREA, taken=f"2024-05-0{number + 1}T10:30:00Z")
    home.process().refresh()
    assert home.store.asked == {"list": 1, "read": 10}
    archive = home.process()
    view = first_view(archive)
    assert not home.store.asked, "the grid of an area is the index's"
    scene = newest(archive, view, AREA)
    assert home.store.asked == {"list": 1}, "a listing a session"
    archive.fetch(scene, view, AREA)
    archive.fetch(scene, view, AREA)
    assert home.store.asked == {"list": 1, "read": 1}, "the picture itself, once"


def test_what_is_new_changed_and_gone_is_noticed_at_a_tick_and_nothing_else_is_read(home):
    for name in ("stays", "changes", "goes"):
        put(home.folder, name, AREA)
    archive = home.process()
    archive.refresh()
    home.store.asked.clear()
    archive.refresh()
    assert home.store.asked == {"list": 1}, "nothing new"
    put(home.folder, "new", AREA)
    put(home.folder, "changes", AREA, taken="2024-06-06T10:30:00Z")
    (home.folder / "goes.json").unlink()
    (home.folder / "goes.png").unlink()
    another = home.process()
    another.refresh()
    assert home.store.asked == {"list": 1, "read": 4}, "two files each of `new` and `changes`"
    assert ids(search(another, AREA)) == ["changes", "new", "stays"]
    assert search(another, AREA).scenes[0].captured_at.month == 6


def test_a_session_finds_what_was_put_there_a_moment_ago_without_a_tick(home):
    put(home.folder, "old", AREA)
    archive = home.process()
    assert ids(search(archive, AREA)) == ["old"], "nobody has indexed it before"
    put(home.folder, "new", AREA, taken="2025-05-01T10:30:00Z")
    assert ids(search(archive, AREA)) == ["new", "old"]


def test_an_area_on_ground_that_the_index_lacks_is_looked_for_in_the_archive_itself(home):
    put(home.folder, "far", Bounds(1.0, 1.0, 1.001, 1.001))
    archive = home.process()
    archive.refresh()
    with pytest.raises(NoCoverage, match="it holds 1 usable items"):
        archive.grid(AREA)
    assert home.store.asked == {"list": 2, "read": 2}, "a listing, and no file"
    put(home.folder, "here", AREA)
    assert archive.grid(AREA) == ArchiveImagery(TERMS, home.folder).grid(AREA)


def test_pictures_that_wait_for_an_item_are_counted_where_nothing_is_found(home):
    for name in ("flight.tif", "2024/ward.jp2"):
        (home.folder / name).parent.mkdir(exist_ok=True)
        (home.folder / name).write_bytes(b"II*\0")
    says = "it holds 0 usable items; 2 pictures wait for an item, and so for a date"
    for archive in (home.process(), ArchiveImagery(TERMS, home.folder)):
        assert says in archive.check().says
        with pytest.raises(NoCoverage, match=says):
            archive.grid(AREA)


@pytest.mark.parametrize("case", CASES)
def test_the_index_answers_as_a_look_at_every_file_does(case, tmp_path):
    folder = SHARED / "field-cases" / case / "files"
    world = Bounds(-180.0, -90.0, 180.0, 90.0)
    plain, home = ArchiveImagery(TERMS, folder), Home(folder, MemoryArchiveIndex())
    writer = home.process()
    writer.refresh()
    reader = home.process()
    assert search(reader, world) == search(plain, world)
    assert reader.inventory(now=NOW) == plain.inventory(now=NOW) == writer.inventory(now=NOW)
    assert reader.check() == plain.check()


@pytest.mark.parametrize("case", CASES)
def test_what_was_read_of_a_file_is_the_same_when_it_is_read_from_the_index(case):
    catalogue = Catalogue(FolderItemStore(SHARED / "field-cases" / case / "files"))
    listing = catalogue.look()
    for file, document in listing.documents.items():
        written = write_file(file, Says(document=document))
        same, says = read_file(written)
        assert (same, write_file(file, says)) == (file, written)


def test_a_picture_that_comes_after_its_item_and_one_that_was_half_written_are_used_once_they_are_whole(home):
    put(home.folder, "a", AREA)
    whole = (home.folder / "a.png").read_bytes()
    (home.folder / "a.png").unlink()
    archive = home.process()
    assert not search(archive, AREA).scenes
    (home.folder / "a.png").write_bytes(whole[: len(whole) // 2])
    found = search(archive, AREA)
    assert not found.scenes
    assert len(found.refused) == 1
    (home.folder / "a.png").write_bytes(whole)
    assert ids(search(archive, AREA)) == ["a"]
    assert not search(home.process(), AREA).refused


def test_a_picture_that_is_another_one_by_now_is_not_taken_for_the_one_that_was_found(home):
    put(home.folder, "a", AREA)
    archive = home.process()
    view = first_view(archive)
    scene = newest(archive, view, AREA)
    put(home.folder, "a", AREA, pixels=noise(64, rows_of(AREA, 64), seed=7))
    with pytest.raises(NoCoverage, match="named a any more, or it is another one now"):
        archive.fetch(scene, view, AREA)
    with pytest.raises(NoCoverage, match="named a any more, or it is another one now"):
        home.process().fetch(scene, view, AREA)
    home.process().refresh()
    with pytest.raises(NoCoverage, match="named a any more, or it is another one now"):
        archive.fetch(scene, view, AREA)
    assert archive.fetch(newest(archive, view, AREA), view, AREA).content


@pytest.mark.parametrize("name", ["a.json", "a.png"])
def test_a_file_that_cannot_be_read_just_now_is_read_at_the_next_tick_though_nothing_has_changed(home, name):
    put(home.folder, "a", AREA)
    put(home.folder, "b", AREA)
    archive = home.process()
    home.store.broken.add(name)
    archive.refresh()
    assert ids(search(archive, AREA)) == ["b"]
    assert "2 usable" not in archive.check().says
    home.store.broken.clear()
    archive.refresh()
    assert ids(search(archive, AREA)) == ["a", "b"]
    home.store.asked.clear()
    archive.refresh()
    assert home.store.asked == {"list": 1}


def test_an_archive_that_is_away_is_no_empty_one(home):
    put(home.folder, "a", AREA)
    archive = home.process()
    archive.refresh()
    home.folder.rename(home.folder.with_name("away"))
    for ask in (archive.refresh, lambda: search(archive, AREA), archive.check):
        with pytest.raises(ProviderUnavailable, match="the archive folder cannot be read"):
            ask()
    home.folder.with_name("away").rename(home.folder)
    assert ids(search(archive, AREA)) == ["a"]


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


def test_an_item_whose_text_no_database_takes_harms_no_other(memory):
    put(memory.folder, "good", AREA)
    stac = item(AREA, item_id="x", href="./good.png")
    text = json.dumps(stac).replace('"x"', '"half \\ud800 pair"')
    (memory.folder / "bad.json").write_text(text)
    archive = memory.process()
    assert ids(search(archive, AREA)) == ["good"]
    assert "1 that cannot be used" in archive.check().says


def test_a_defect_of_ours_in_one_file_is_told_and_harms_no_other(memory, monkeypatch):
    put(memory.folder, "good", AREA)
    put(memory.folder, "odd", AREA)

    def defective(content, *, name):
        if name == "odd.json":
            raise RuntimeError("a defect")
        return read_document(content, name=name)

    from chalicelib.adapters.imagery import catalogue

    read_document = catalogue.read_document
    monkeypatch.setattr(catalogue, "read_document", defective)
    archive = memory.process()
    assert ids(search(archive, AREA)) == ["good"]
    uses = {each.name: each.says for each in archive.inventory(now=NOW)}
    assert uses["odd.json"] == "it is not understood, which is a defect of this program (RuntimeError)"


def test_the_code_that_reads_is_known_by_all_its_files():
    """A module that the reading of a file imports is part of the reader's digest."""
    from chalicelib.adapters.imagery import written

    parts = set(written.parts())
    room = Path(written.__file__).parent
    asked = {room / "catalogue.py", room / "stac.py", room / "picture.py"}
    seen = set()
    while asked:
        file = asked.pop()
        seen.add(file)
        for line in file.read_text().splitlines():
            if line.startswith("from chalicelib.adapters.imagery."):
                name = line.split()[1].rpartition(".")[2]
                asked |= {room / f"{name}.py"} - seen
    assert seen <= parts, seen - parts
