"""What was hidden when an image was compared is not answered for; and clouds do not hide the scenes behind them."""

import pytest

from chalicelib.domain.errors import BadImage
from tests.support.builders.domain import a_change, an_inspection
from tests.support.trip import Trip

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=1)


def look_again(trip, area, change=None):
    trip.wait(hours=24)
    trip.change = a_change() if change is None else change
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def by_cloud(content, *_args, **_more):
    return an_inspection(content, clear_share=0.1 if b"cloud" in content else 1.0)


def test_nothing_new_is_said_of_what_the_comparison_saw_alone(trip, area):
    trip.run_session(area, "march", days=-1)
    first = trip.run_session(area, "april", days=10, change=a_change(clear_share=0.5))
    assert (first.is_all_clear, first.unseen.share) == (False, pytest.approx(0.5))
    again = look_again(trip, area)
    assert (again.counts_by_verdict, again.is_all_clear) == ({"NO_NEW_IMAGERY": 1}, False)
    assert again.unseen.share == pytest.approx(0.5)
    assert trip.run_session(area, "may", days=20).is_all_clear, "the next one sees it all"
    assert look_again(trip, area).is_all_clear


def test_a_comparison_that_was_obscured_answers_for_nothing(trip, area):
    trip.clear_share = 0.35
    trip.run_session(area, "march", days=-1)
    trip.clear_share = 1.0
    first = trip.run_session(area, "april", days=30, change=a_change(clear_share=0.2))
    assert first.counts_by_verdict == {"OBSCURED": 1}
    assert not look_again(trip, area).is_all_clear


def test_what_changed_where_the_image_before_was_hidden_is_told(trip, area):
    """A picture's last two letters are the state of its west and of its east; `-` is hidden."""

    def compare(before, after, **_ground):
        halves = zip(before.decode()[-2:], after.decode()[-2:], strict=True)
        seen = [(old, new) for old, new in halves if "-" not in (old, new)]
        return a_change(900 if any(old != new for old, new in seen) else None, clear_share=len(seen) / 2)

    trip.compare = trip.compare_with_baseline = compare
    trip.inspect = lambda content, *_args, **_more: an_inspection(content, clear_share=1 - content.count(b"-") / 2)
    verdicts = []
    for month, scene in enumerate(("march 0-", "april -0", "may 10", "june 10")):
        verdicts.append(trip.run_session(area, scene, days=10 * month).counts_by_verdict)
        look_again(trip, area)
    assert verdicts == [{"BASELINE": 1}, {"OBSCURED": 1}, {"CHANGED": 1}, {"NO_CHANGE": 1}]


def test_scenes_that_cannot_be_used_hide_no_older_one(trip, area):
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=10)
    for number in range(6):
        trip.show(f"broken {number}", days=20 + number)

    def inspect(content, *_args, **_more):
        if content.startswith(b"broken"):
            raise BadImage("half a picture")
        return an_inspection(content)

    trip.inspect = inspect
    assert look_again(trip, area, CHANGE).counts_by_verdict == {"CHANGED": 1}


def test_scenes_that_show_too_little_hide_no_older_one_and_are_kept_once(trip, area):
    trip.inspect = lambda content, *_args, **_more: an_inspection(
        content, clear_share=0.1 if b"cloud" in content else 1
    )
    trip.run_session(area, "march", days=-1)
    for number in range(12):
        trip.wait(hours=24)
        trip.run_session(area, f"cloud {number:02}", days=10 + number)
    trip.show("late", days=5)
    assert look_again(trip, area, CHANGE).counts_by_verdict == {"CHANGED": 1}
    for _ in range(2):
        look_again(trip, area)
    assert len(trip.tiles(area)) == 14


def test_a_clear_scene_behind_many_that_show_too_little_is_come_to(trip, area):
    trip.inspect = lambda content, *_args, **_more: an_inspection(
        content, clear_share=0.1 if b"cloud" in content else 1
    )
    trip.show("may", days=0)
    for number in range(12):
        trip.show(f"cloud {number:02}", days=10 + number)
    verdicts = [look_again(trip, area).counts_by_verdict for _ in range(5)]
    assert {"BASELINE": 1} in verdicts
