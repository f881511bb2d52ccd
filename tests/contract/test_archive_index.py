"""What everybody may expect of the index of an archive: in memory, and in the database on both engines."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from chalicelib.domain.archives import Build, IndexedItem, IndexState, KeptFile
from chalicelib.domain.tiles import Bounds
from tests.support.builders.domain import NOON
from tests.support.fakes.archive_index import MemoryArchiveIndex
from tests.support.timing import at_once

LAND, SEA = "land" * 16, "sea!" * 16
SQUARE = Bounds(85.0, 20.0, 85.01, 20.01)
LEASE_S = 60.0
UNLIKE = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]  # one index, and two of them


def item(item_id, bounds=SQUARE, says="{}"):
    return IndexedItem(item_id, bounds, says)


def build(*items, listing="first", **counts):
    return Build(listing=listing, items=items, **{"usable": len(items), "bad": 0, "unread": 0} | counts)


def put(index, *items, archive=LAND, **about):
    fence = index.begin(archive, fence=index.state(archive).fence, now=NOON, lease_s=LEASE_S)
    assert index.publish(archive, build(*items, **about), fence=fence, now=NOON)


def ids(items):
    return sorted(each.item_id for each in items)


def moved(bounds, lon=0.0, lat=0.0):
    return Bounds(bounds.west + lon, bounds.south + lat, bounds.east + lon, bounds.north + lat)


WHOLE = st.tuples(st.integers(-1800, 1799), st.integers(-900, 899), st.integers(1, 900), st.integers(1, 400))


class ArchiveIndexContract:
    def test_an_archive_that_nobody_has_read_is_not_built(self, index):
        assert index.state(LAND) == IndexState()
        assert not index.state(LAND).is_built
        assert index.over(LAND, SQUARE) == index.named(LAND, ["a"]) == index.kept(LAND, ["a.json"]) == []

    def test_items_are_found_by_the_ground_that_they_show(self, index):
        put(index, item("here"), item("east", moved(SQUARE, lon=0.01)), item("far", moved(SQUARE, lat=5)))
        assert ids(index.over(LAND, SQUARE)) == ["here"], "what only touches shows nothing"
        assert ids(index.over(LAND, moved(SQUARE, lon=0.005))) == ["east", "here"]
        assert ids(index.over(LAND, Bounds(80.0, 10.0, 90.0, 30.0))) == ["east", "far", "here"]
        assert index.over(LAND, moved(SQUARE, lon=-30)) == []
        assert index.over(LAND, SQUARE) == [item("here")]

    def test_what_may_be_anywhere_is_found_everywhere(self, index):
        nowhere = IndexedItem("", None, '"no place"')
        put(index, item("here"), nowhere, usable=1, bad=1)
        assert nowhere in index.over(LAND, moved(SQUARE, lon=-30))
        assert index.named(LAND, [""]) == [], "what cannot be used has no id"
        assert (index.state(LAND).usable, index.state(LAND).bad) == (1, 1)

    @pytest.mark.parametrize(
        "bounds",
        [
            Bounds(-180.0, -90.0, 180.0, 90.0),
            Bounds(179.99, -0.01, 180.0, 0.01),
            Bounds(-180.0, 80.0, -179.0, 90.0),
            Bounds(-0.0001, -0.0001, 0.0001, 0.0001),
            Bounds(10.0, 20.0, 100.0, 20.0000001),
        ],
        ids=["world", "east end", "pole", "origin", "needle"],
    )
    def test_items_of_any_size_are_found_from_any_part_of_them(self, index, bounds):
        put(index, item("it", bounds))
        width, height = bounds.east - bounds.west, bounds.north - bounds.south
        for across, down in ((0, 0), (0.5, 0.5), (0.99, 0.99)):
            west, south = bounds.west + across * width, bounds.south + down * height
            part = Bounds(west, south, west + width / 1000, south + height / 1000)
            assert ids(index.over(LAND, part)) == ["it"]

    @settings(max_examples=25, deadline=None, suppress_health_check=UNLIKE)
    @given(st.lists(WHOLE, min_size=1, max_size=30), WHOLE, st.sampled_from([0.001, 0.05, 1.0]))
    def test_what_is_found_is_what_overlaps(self, index, boxes, asked, scale):
        def bounds(box):
            west, south = box[0] * 0.1 * scale, box[1] * 0.1 * scale
            return Bounds(west, south, min(180.0, west + box[2] * 0.1 * scale), min(90.0, south + box[3] * 0.1 * scale))

        ground, all_bounds = bounds(asked), dict(enumerate(map(bounds, boxes)))
        put(index, *(item(str(place), each) for place, each in all_bounds.items()))
        wanted = [
            str(place)
            for place, each in all_bounds.items()
            if each.west < ground.east and each.east > ground.west
            if each.south < ground.north and each.north > ground.south
        ]
        assert ids(index.over(LAND, ground)) == sorted(wanted)

    def test_items_are_found_by_their_ids(self, index):
        put(index, item("a"), item("b"), item("B"), item("ä" * 200))
        assert ids(index.named(LAND, ["a", "b", "gone"])) == ["a", "b"]
        assert ids(index.named(LAND, ["ä" * 200])) == ["ä" * 200]
        assert index.named(LAND, []) == []

    def test_a_build_takes_the_place_of_the_one_before(self, index):
        put(index, item("stays"), item("goes"), item("moves"), item("changes"))
        away = moved(SQUARE, lon=3)
        put(
            index,
            item("stays"),
            item("new"),
            item("moves", away),
            item("changes", says="2"),
            listing="second",
            unread=2,
        )
        assert ids(index.over(LAND, SQUARE)) == ["changes", "new", "stays"]
        assert index.over(LAND, away) == [item("moves", away)]
        assert index.named(LAND, ["changes"]) == [item("changes", says="2")]
        assert index.named(LAND, ["goes"]) == []
        assert (index.state(LAND).listing, index.state(LAND).unread) == ("second", 2)

    def test_many_items_are_put_and_taken_at_once(self, index):
        many = [item(f"n{number}", moved(SQUARE, lon=number * 0.001)) for number in range(1_201)]
        put(index, *many)
        assert len(index.named(LAND, [each.item_id for each in many])) == len(many)
        put(index, listing="second")
        assert index.named(LAND, [each.item_id for each in many]) == index.over(LAND, SQUARE) == []

    def test_one_archive_knows_nothing_of_another(self, index):
        put(index, item("a"))
        put(index, item("b"), archive=SEA, listing="other")
        index.keep(SEA, [KeptFile("b.json", "1", 2, b"b")])
        assert (ids(index.over(LAND, SQUARE)), ids(index.over(SEA, SQUARE))) == (["a"], ["b"])
        assert index.named(LAND, ["b"]) == index.kept(LAND, ["b.json"]) == []
        assert index.state(LAND).listing == "first"

    def test_one_at_a_time_builds_and_only_from_the_state_that_it_has_read(self, index):
        first = index.begin(LAND, fence=0, now=NOON, lease_s=LEASE_S)
        assert first == 1
        assert index.begin(LAND, fence=0, now=NOON, lease_s=LEASE_S) is None
        assert index.begin(LAND, fence=1, now=NOON, lease_s=LEASE_S) is None, "one is at it"
        assert index.publish(LAND, build(item("a")), fence=first, now=NOON)
        assert index.begin(LAND, fence=0, now=NOON, lease_s=LEASE_S) is None, "its listing may be older"
        assert index.begin(LAND, fence=1, now=NOON, lease_s=LEASE_S) == 2

    def test_who_was_overtaken_changes_nothing(self, index):
        slow = index.begin(LAND, fence=0, now=NOON, lease_s=LEASE_S)
        later = NOON + timedelta(seconds=LEASE_S)
        fast = index.begin(LAND, fence=slow, now=later, lease_s=LEASE_S)
        assert not index.publish(LAND, build(item("slow")), fence=slow, now=later)
        index.release(LAND, fence=slow, now=later)
        assert index.state(LAND).lease_until > later, "the lease is another one's now"
        assert index.publish(LAND, build(item("fast")), fence=fast, now=later)
        assert not index.publish(LAND, build(item("twice")), fence=fast, now=later)
        assert ids(index.over(LAND, SQUARE)) == ["fast"]

    def test_who_cannot_end_lets_others_build_at_once(self, index):
        fence = index.begin(LAND, fence=0, now=NOON, lease_s=LEASE_S)
        index.release(LAND, fence=fence, now=NOON)
        assert not index.state(LAND).is_built
        assert index.begin(LAND, fence=fence, now=NOON, lease_s=LEASE_S) == fence + 1

    def test_when_it_was_looked_at_is_of_the_listing_that_it_is_of(self, index):
        put(index, item("a"))
        soon = NOON + timedelta(seconds=5)
        index.looked(LAND, listing="another", now=soon)
        assert index.state(LAND).looked_at == NOON
        index.looked(LAND, listing="first", now=soon)
        assert index.state(LAND).looked_at == soon

    def test_what_was_read_of_files_is_kept_until_they_change_or_go(self, index):
        long = "a/" * 400 + "ä.json"
        files = [KeptFile(long, "1", 2**33, bytes(range(256))), KeptFile("b.png", '"etag"', 7, b"x" * 100_000)]
        index.keep(LAND, files)
        assert sorted(index.kept(LAND, [long, "b.png", "c"])) == sorted(files)
        newer = KeptFile("b.png", "2", 8, b"y")
        index.keep(LAND, [newer, KeptFile("B.png", "1", 1, b"z")])
        assert index.kept(LAND, ["b.png"]) == [newer]
        index.forget_others(LAND, [long, "B.png"])
        assert index.kept(LAND, ["b.png"]) == []
        assert len(index.kept(LAND, [long, "B.png"])) == 2
        index.keep(LAND, [])

    def test_the_index_of_an_archive_that_nobody_asks_for_is_deleted_in_time(self, index):
        put(index, item("a"), archive=SEA)
        index.keep(SEA, [KeptFile("a.json", "1", 1, b"a")])
        begun = index.begin("begun" * 12, fence=0, now=NOON, lease_s=LEASE_S)
        assert begun
        put(index, item("here"))
        day = timedelta(days=1)
        assert index.delete_left_over(LAND, before=NOON - day, limit=100) == 0
        for _ in range(6):
            index.delete_left_over(LAND, before=NOON + day, limit=100)
        assert index.over(SEA, SQUARE) == index.kept(SEA, ["a.json"]) == []
        assert index.state(SEA) == index.state("begun" * 12) == IndexState()
        assert ids(index.over(LAND, SQUARE)) == ["here"], "its own is in use, however old"

    def test_of_many_at_once_one_builds(self, index):
        for number in range(8):
            begin = [lambda n=number: index.begin(LAND, fence=n, now=NOON, lease_s=LEASE_S)] * 6
            fences = [each for each in at_once(*begin) if each is not None]
            assert fences == [number + 1]
            publish = [lambda n=number: index.publish(LAND, build(item(f"{n}")), fence=n + 1, now=NOON)] * 4
            assert sorted(at_once(*publish)) == [False] * 3 + [True]
            assert ids(index.over(LAND, SQUARE)) == [str(number)]

    def test_who_looks_while_a_build_is_put_in_its_place_sees_one_or_the_other(self, index):
        one = [item(f"one {number}") for number in range(40)]
        two = [item(f"two {number}") for number in range(40)]
        put(index, *one)
        for number in range(6):
            news = [two, one][number % 2]
            fence = index.begin(LAND, fence=index.state(LAND).fence, now=NOON, lease_s=LEASE_S)
            deeds = [lambda n=news, f=fence: index.publish(LAND, build(*n), fence=f, now=NOON)]
            answers = at_once(*deeds, *[lambda: index.over(LAND, SQUARE)] * 4)
            for seen in answers[1:]:
                assert ids(seen) in (ids(one), ids(two))


class TestMemoryArchiveIndex(ArchiveIndexContract):
    @pytest.fixture
    def index(self):
        return MemoryArchiveIndex()


class TestSqlArchiveIndex(ArchiveIndexContract):
    @pytest.fixture
    def index(self, engine):
        return SqlArchiveIndex(engine)
