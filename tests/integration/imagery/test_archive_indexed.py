"""An archive by its index: the same answers as by a look at every file, and hardly a file read for them."""

import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.catalogue import Catalogue
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.written import Says, read_file, write_file
from chalicelib.domain.errors import NoCoverage, ProviderUnavailable
from chalicelib.domain.tiles import Bounds
from tests.support.builders.archives import noise, put, rows_of
from tests.support.builders.scenes import newest, search
from tests.support.fakes.archive_index import MemoryArchiveIndex
from tests.support.indexed_archive import AREA, NOW, IndexedArchive, first_view, ids
from tests.support.running.pairs import SHARED

CASES = sorted(each.parent.name for each in (SHARED / "field-cases").glob("*/files"))  # none where they are not


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
    plain, home = ArchiveImagery(TERMS, folder), IndexedArchive(folder, MemoryArchiveIndex())
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
