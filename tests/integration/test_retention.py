"""Images that nothing uses are dropped, by age and number; what is in use stays, and what is left is whole."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from chalicelib.adapters.database import retention as dropping
from chalicelib.application import drop_old_images as rounds
from chalicelib.domain.captures import SHARED
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.thresholds import Thresholds
from tests.support.builders.domain import a_change, day_after
from tests.support.retained import FEW, POLICY, KeepingTrip


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def stored(trip):
    return {item.key for item in trip.images.keys_after("", prefix=f"{SHARED}/")}


def test_what_is_older_than_its_days_goes_and_the_baseline_and_the_newest_stay(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(4))
    trip.round(later_days=380)
    assert trip.dropped(area) == []
    trip.round(later_days=20)
    assert trip.dropped(area) == ["scene 1", "scene 2"]
    kept = {row.object_key for row in trip.rows(area) if row.dropped_at is None}
    assert stored(trip) == kept
    assert len(kept) == 2
    gone = next(row for row in trip.rows(area) if row.scene_id == "scene 1")
    assert (gone.dropped_at, gone.object_key, gone.capture_id, gone.is_usable) == (trip.now, "", None, False)
    assert [past.dropped_at for past in trip.past(area).items] == [None, trip.now, trip.now, None]
    assert [tile.image.scene_id for tile in trip.tiles(area)] == ["scene 3", "scene 0"]
    assert trip.broken() == []
    trip.round()
    assert len(trip.dropped(area)) == 2


def test_what_is_beyond_the_number_goes_however_young_and_pins_count_for_nothing(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(7))
    pinned = next(row for row in trip.rows(area) if row.scene_id == "scene 2")
    trip.history.pin(pinned.id, user_id=area.user_id, reason="evidence", now=trip.now)
    trip.round(FEW)
    assert trip.dropped(area) == ["scene 1", "scene 3"], "of six that count three are kept, and the baseline"
    trip.history.unpin(pinned.id, user_id=area.user_id)
    trip.round(FEW)
    assert trip.dropped(area) == ["scene 1", "scene 2", "scene 3"]
    assert trip.broken() == []


def test_of_those_beyond_the_number_what_shows_too_little_goes_first(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(3))
    trip.clear_share = 0.1
    trip.look_each_day(area, range(3, 6))
    trip.clear_share = 1.0
    trip.look_each_day(area, [6])
    trip.round(replace(FEW, images_per_tile=4))
    assert trip.dropped(area) == ["scene 3", "scene 4", "scene 5"]


def test_an_image_with_bands_stays_for_years(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(4))
    trip.set_image("scene 1", bands_key="b", bands_sha256="0")
    trip.round(FEW, later_days=1400)
    assert trip.dropped(area) == ["scene 2"]
    trip.round(FEW, later_days=70)
    assert trip.dropped(area) == ["scene 1", "scene 2"]


def test_what_an_alert_and_a_place_show_is_never_dropped(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(3))
    (told,) = trip.look_each_day(area, [3], change=a_change(m2=900))
    trip.look_each_day(area, range(4, 7))
    assert trip.uses(area)["scene 3"] >= {"alert", "place"}
    trip.round(later_days=4000)
    assert trip.dropped(area) == ["scene 4", "scene 5"], "scene 1 is one of those that the change was held against"
    ((alert, image),) = trip.alerts_of(told)
    judged_with = {row.scene_id for row in trip.rows(area) if row.id in alert.change_log["judged_with"]}
    assert judged_with == {"scene 0", "scene 1"}
    for key in (alert.reference_key, image.image.key, alert.mask_key, alert.overlay_key):
        assert trip.images.get(key)
    assert trip.broken() == []


def test_what_areas_share_goes_with_its_last_use(trip):
    one, other = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    for day in range(3):
        trip.show(f"scene {day}", days=day)
        for area in (one, other):
            trip.capture_now(area)
            trip.work()
        trip.wait(days=1)
    held = next(row for row in trip.rows(other) if row.scene_id == "scene 1")
    trip.history.pin(held.id, user_id=other.user_id, reason="evidence", now=trip.now)
    trip.round(later_days=500)
    assert (trip.dropped(one), trip.dropped(other)) == (["scene 1"], [])
    assert trip.images.get(held.object_key)
    trip.history.unpin(held.id, user_id=other.user_id)
    trip.round()
    assert trip.dropped(other) == ["scene 1"]
    assert len(stored(trip)) == 2
    assert trip.broken() == []


def test_nothing_is_dropped_of_an_area_that_is_looked_at_and_it_is_the_next_round_s(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(3))
    trip.wait(days=500)
    trip.show("scene 500", days=500)
    trip.capture_now(area)
    trip.round()
    assert trip.dropped(area) == []
    trip.work()
    trip.round()
    assert trip.dropped(area) == ["scene 1", "scene 2"]


def test_sessions_go_on_and_no_dropped_scene_is_fetched_again(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(4))
    trip.round(later_days=500)
    fetched = len(trip.imagery.fetched)
    again = trip.capture_now(area)
    trip.work()
    assert trip.session(again).status is SessionStatus.NO_CHANGES
    assert len(trip.imagery.fetched) == fetched
    told = trip.run_session(area, "later", days=450, change=a_change(m2=900))
    assert told.status is SessionStatus.CHANGES_DETECTED
    trip.delete(area)
    for _ in range(3):
        trip.reconcile()
    assert trip.rows(area) == []
    assert trip.images.keys_after("") == []


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


def test_a_round_that_is_killed_anywhere_goes_on_and_leaves_orphans_at_most(trip, monkeypatch):
    monkeypatch.setattr(dropping, "TILES", 1)
    monkeypatch.setattr(dropping, "PART", 1)
    monkeypatch.setattr(rounds, "PARTS_AT_ONCE", 3)
    area = trip.add_area(tiles=2)
    trip.look_each_day(area, range(4))
    trip.wait(days=500)
    kills = 0
    for number in range(1, 12):
        left = [number]

        def count(_connection, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        event.listen(trip.engine, "commit", count)
        try:
            trip.round()
        except Killed:
            kills += 1
        finally:
            event.remove(trip.engine, "commit", count)
    trip.round()
    assert kills > 3
    assert trip.dropped(area) == ["scene 1"] * 2 + ["scene 2"] * 2
    assert trip.broken() == []
    trip.wait(days=3)
    for _ in range(3):
        trip.reconcile()
    assert len(stored(trip)) == 4


def test_a_store_that_is_away_holds_up_no_round_and_the_sweep_takes_what_was_left(trip, monkeypatch):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, range(4))
    with monkeypatch.context() as away:
        away.setattr(trip.images, "delete", lambda _keys: (_ for _ in ()).throw(OSError("away")))
        with pytest.raises(OSError, match="away"):
            trip.round(later_days=500)
    assert len(stored(trip)) == 4
    trip.round()
    assert trip.dropped(area) == ["scene 1", "scene 2"]
    trip.now += timedelta(days=2)
    trip.reconcile()
    assert len(stored(trip)) == 2
    assert POLICY.image_days == 400


def test_a_dropped_image_hides_no_baseline(trip):
    area = trip.add_area(tiles=1)
    trip.look_each_day(area, (-400, -300, -200, -100))
    trip.round(later_days=500)
    assert trip.dropped(area) == ["scene -300", "scene -200"]
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, compare_since=day_after(-300))
    trip.capture_now(area)
    trip.work()
    there = [row.scene_id for row in trip.rows(area) if row.dropped_at is None]
    assert there == ["scene -400", "scene -300", "scene -100"], "it was fetched anew"
    assert trip.broken() == []


TWICE = Thresholds(min_changed_area_m2=25.0, is_confirmed_twice=True)


def test_what_a_change_that_waits_was_seen_against_is_kept(trip):
    area = trip.add_area(tiles=1, thresholds=TWICE)
    trip.look_each_day(area, range(2))
    trip.look_each_day(area, [2], change=a_change(m2=900))
    trip.look_each_day(area, range(3, 6), change=a_change(clear_share=0.95))  # a cloud hides it
    assert trip.uses(area)["scene 1"] == {"reference"}
    trip.round(later_days=500)
    assert trip.dropped(area) == ["scene 2", "scene 3", "scene 4"]
    told = trip.run_session(area, "later", days=30, change=a_change(m2=900))
    ((alert, _),) = trip.alerts_of(told)
    assert trip.images.get(alert.reference_key) == b"scene 1"


def test_what_waits_no_more_keeps_nothing(trip):
    area = trip.add_area(tiles=1, thresholds=TWICE)
    trip.look_each_day(area, range(2))
    trip.look_each_day(area, [2], change=a_change(m2=900))
    trip.look_each_day(area, range(3, 5))  # it has gone
    trip.round(later_days=500)
    assert trip.dropped(area) == ["scene 1", "scene 2", "scene 3"]
