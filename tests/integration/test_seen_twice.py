"""Areas that want a second image: what one shows is no alert and no all-clear until a later one shows it still."""

from dataclasses import replace

import pytest
from sqlalchemy import text, update

from chalicelib.adapters.database import tables as t
from chalicelib.domain.changes import MOST_IGNORED, Reason
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds
from tests.support.builders.domain import a_change, a_region
from tests.support.trip import Trip

TWICE = Thresholds(min_changed_area_m2=25.0, is_confirmed_twice=True)


class Sees(Trip):
    """A detector that sees a change between two pictures that it is told of, and in no others."""

    changed = frozenset()

    def compare(self, before, after, **_ground):
        return a_change(900 if (before, after) in self.changed else None, clear_share=self.clear_share)


@pytest.fixture
def trip(engine):
    return Sees(engine)


@pytest.fixture
def area(trip):
    made = trip.add_area(tiles=1, thresholds=TWICE)
    trip.run_session(made, "march", days=0)
    return made


def pairs(*names):
    return frozenset((one.encode(), other.encode()) for one, other in names)


def ignored(trip, session):
    found = trip.alerts.ignored(session.session_id, user_id=trip.user.user_id, page=PageRequest(10)).items
    return [region["reason"] for one in found for region in one.regions]


def test_what_one_image_shows_is_seen_once_and_neither_told_nor_an_all_clear(trip, area):
    trip.changed = pairs(("march", "april"))
    first = trip.run_session(area, "april", days=10)
    assert (first.status, first.alerts, first.is_all_clear) == (SessionStatus.NO_CHANGES, 0, False)
    assert first.reason == "in 1 of 1 tiles something was seen once, to be confirmed by a later image"
    assert ignored(trip, first) == [Reason.SEEN_ONCE]
    assert trip.push.pushes == []
    with trip.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM places")).scalar() == 0


@pytest.mark.parametrize(("least_m2", "is_all_clear"), [(20.0, False), (1e6, True)])
def test_what_is_not_yet_sure_and_large_enough_to_alert_is_no_all_clear(trip, area, least_m2, is_all_clear):
    trip.run_session(area, "april", days=10)
    unsure = [{"reason": Reason.NOT_YET_SURE, "area_m2": 900.0}, {"reason": Reason.SEASON_LIKE, "area_m2": 9e6}]
    with trip.engine.begin() as connection:
        connection.execute(update(t.comparisons).values(ignored=unsure))
        connection.execute(update(t.area_configs).values(min_changed_area_m2=least_m2))
    again = trip.capture_now(area)
    trip.work()
    again = trip.session(again)
    assert (again.counts_by_verdict, again.is_all_clear) == ({"NO_NEW_IMAGERY": 1}, is_all_clear)
    assert (again.reason is None) == is_all_clear


def test_nothing_new_is_no_all_clear_while_it_waits(trip, area):
    trip.changed = pairs(("march", "april"))
    trip.run_session(area, "april", days=10)
    again = trip.capture_now(area)
    trip.work()
    again = trip.session(again)
    assert (again.counts_by_verdict, again.is_all_clear) == ({"NO_NEW_IMAGERY": 1}, False)
    assert "to be confirmed" in again.reason


def test_a_later_image_that_shows_it_still_tells_it_against_the_one_before_it(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "may"))
    trip.run_session(area, "april", days=10)
    second = trip.run_session(area, "may", days=20)
    assert (second.status, second.alerts, second.reason) == (SessionStatus.CHANGES_DETECTED, 1, None)
    ((alert, _),) = trip.alerts_of(second)
    assert alert.change_log["regions"][0]["confirmed"]
    shown = {image.image.image_id: image.image.scene_id for image in trip.tiles(area)}
    assert shown[alert.image_id] == "may"
    assert trip.images.get(alert.reference_key) == b"march"
    third = trip.run_session(area, "june", days=30)
    assert (third.status, third.is_all_clear) == (SessionStatus.NO_CHANGES, True)


def test_what_a_later_clear_image_does_not_show_has_gone(trip, area):
    trip.changed = pairs(("march", "april"))
    trip.run_session(area, "april", days=10)
    second = trip.run_session(area, "may", days=20)
    assert (second.alerts, second.reason, second.is_all_clear) == (0, None, True)


def test_what_a_cloud_hides_goes_on_waiting(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "june"))
    trip.run_session(area, "april", days=10)
    trip.clear_share = 0.95
    hidden = trip.run_session(area, "may", days=20)
    assert (hidden.alerts, hidden.is_all_clear) == (0, False)
    assert "to be confirmed" in hidden.reason
    trip.clear_share = 1.0
    assert trip.run_session(area, "june", days=30).alerts == 1


def test_where_the_first_image_is_no_reference_the_second_one_confirms_it_all_the_same(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "may"))
    trip.clear_share = 0.7  # no later one is compared with it
    trip.run_session(area, "april", days=10)
    assert trip.run_session(area, "may", days=20).alerts == 1


def test_a_first_image_that_is_not_quite_clear_is_what_the_second_one_is_compared_with(trip):
    area = trip.add_area(tiles=1, thresholds=TWICE)
    trip.clear_share = 0.8
    trip.run_session(area, "march", days=0)
    trip.clear_share = 1.0
    trip.changed = pairs(("march", "april"), ("march", "may"))
    assert trip.run_session(area, "april", days=10).alerts == 0
    assert trip.run_session(area, "may", days=20).alerts == 1


def test_a_change_that_shows_in_the_second_image_first_waits_for_the_third(trip, area):
    trip.changed = pairs(("april", "may"), ("april", "june"))
    assert trip.run_session(area, "april", days=10).is_all_clear
    assert trip.run_session(area, "may", days=20).alerts == 0
    assert trip.run_session(area, "june", days=30).alerts == 1


def test_what_the_baseline_alone_shows_wants_two_images_too(trip, area):
    trip.run_session(area, "april", days=10)
    trip.slow = a_change(900)
    first = trip.run_session(area, "may", days=20)
    assert (first.alerts, first.is_all_clear) == (0, False)
    assert trip.run_session(area, "june", days=30).alerts == 1


def test_once_the_option_is_off_the_next_image_tells_what_waits(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "may"))
    trip.run_session(area, "april", days=10)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, is_confirmed_twice=False)
    assert trip.run_session(area, "may", days=20).alerts == 1


def test_a_comparison_that_somebody_asks_for_after_that_tells_it_at_once(trip, area):
    trip.changed = pairs(("march", "april"))
    trip.run_session(area, "april", days=10)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, is_confirmed_twice=False)
    session = trip.compare_now(area)
    trip.work()
    assert trip.session(session).alerts == 1


def test_the_key_of_a_comparison_says_that_two_images_were_asked_for():
    assert TWICE.key == replace(TWICE, is_confirmed_twice=False).key + "/twice"


def test_an_area_that_does_not_ask_is_told_at_once(trip):
    area = trip.add_area(tiles=1)
    trip.changed = pairs(("march", "april"))
    trip.run_session(area, "march", days=0)
    assert trip.run_session(area, "april", days=10).alerts == 1


def test_what_waits_is_told_also_where_the_option_is_turned_off_while_a_cloud_hides_it(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "june"))
    trip.clear_share = 0.7  # no reference of a later one
    trip.run_session(area, "april", days=10)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, is_confirmed_twice=False)
    trip.clear_share = 0.97
    hidden = trip.run_session(area, "may", days=20)
    assert (hidden.alerts, hidden.is_all_clear) == (0, False)
    trip.clear_share = 1.0
    assert trip.run_session(area, "june", days=30).alerts == 1


def test_another_granule_of_the_same_day_confirms_nothing(trip, area):
    trip.changed = pairs(("march", "april"), ("march", "its neighbour"), ("march", "may"))
    trip.run_session(area, "april", days=10)
    again = trip.run_session(area, "its neighbour", days=10.05)
    assert (again.alerts, again.is_all_clear) == (0, False), "a lorry is on both"
    assert "to be confirmed" in again.reason
    assert trip.run_session(area, "may", days=20).alerts == 1


def test_nor_what_the_baseline_alone_shows(trip, area):
    trip.run_session(area, "april", days=10)
    trip.slow = a_change(900)
    trip.run_session(area, "may", days=20)
    again = trip.run_session(area, "its neighbour", days=20.05)
    assert (again.alerts, again.is_all_clear) == (0, False)
    assert trip.run_session(area, "june", days=30).alerts == 1


def apart(number, reason=None):
    """Give a small region at a place of its own."""
    west = 85.0 + number / 100
    outline = [[(west, 20.0), (west + 0.001, 20.0), (west + 0.001, 20.001), (west, 20.0)]]
    bounds = Bounds(west, 20.0, west + 0.001, 20.001)
    m2 = 30.0 if reason is None else 900.0
    return replace(a_region(m2), outline=outline, bounds=bounds, reason=reason)


def test_of_many_none_that_was_seen_once_is_cut_from_what_is_stored(trip, area):
    many = replace(
        a_change(),
        regions=tuple(map(apart, range(MOST_IGNORED + 10))),
        ignored=tuple(apart(100 + number, Reason.HAZE) for number in range(20)),
    )
    trip.compare = lambda before, after, **_: many if (before, after[:1]) == (b"march", b"a") else a_change()
    first = trip.run_session(area, "april", days=10)
    assert ignored(trip, first) == [Reason.SEEN_ONCE] * (MOST_IGNORED + 10)
    second = trip.run_session(area, "august", days=20)
    ((alert, _),) = trip.alerts_of(second)
    assert len(alert.change_log["regions"]) == MOST_IGNORED + 10


def accept(trip, area):
    trip.wait(hours=1)
    trip.places.accept_baseline(area.area_id, user_id=area.user_id, now=trip.now)
    trip.wait(hours=1)


@pytest.mark.parametrize("is_off", [False, True], ids=["the option stays", "the option is turned off"])
def test_what_waits_is_not_told_once_its_ground_was_accepted(trip, area, is_off):
    trip.changed = pairs(("march", "april"), ("march", "may"))
    trip.run_session(area, "april", days=10)
    accept(trip, area)
    if is_off:
        trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, is_confirmed_twice=False)
    second = trip.run_session(area, "may", days=20)
    assert (second.alerts, second.is_all_clear, ignored(trip, second)) == (0, True, [])


def test_nothing_new_over_ground_that_was_accepted_is_an_all_clear(trip, area):
    trip.changed = pairs(("march", "april"))
    trip.run_session(area, "april", days=10)
    accept(trip, area)
    session = trip.capture_now(area)
    trip.work()
    assert (trip.session(session).reason, trip.session(session).is_all_clear) == (None, True)
