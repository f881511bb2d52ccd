"""The trip, stop by stop: what each picture leads to, on both databases."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import Invalid, ProviderRefused
from chalicelib.domain.images import ImageStatus
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import CORNER, SPRING, a_change
from tests.support.trip import Trip

TOPIC = Target(kind=TargetKind.TOPIC, address="bhuprahari")


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[TOPIC])


def test_the_first_session_ends_all_baseline(trip):
    area = trip.add_area(tiles=3)
    session = trip.run_session(area, "march", days=-1)
    assert session.counts_by_verdict == {"BASELINE": 3}
    assert (session.status, session.tiles_planned, session.tiles_done) == (SessionStatus.NO_CHANGES, 3, 3)
    assert session.newest_captured_at == SPRING - timedelta(days=1)
    assert session.clear_share == 1.0
    assert [tile.status for tile in trip.tiles(area)] == [ImageStatus.CAPTURED] * 3
    assert trip.pushes() == []


def test_a_change_makes_an_alert_and_one_push(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert session.status is SessionStatus.CHANGES_DETECTED
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert session.alerts == 2
    assert session.is_notification_sent
    alert, tile = trip.alerts_of(session)[0]
    assert tile.status is ImageStatus.CHANGED
    assert tile.is_changed is True
    assert alert.change_log["changed_area_m2"] == 900
    assert {"changed", "change_percent", "message", "regions", "gsd_m", "detector"} <= set(alert.change_log)
    assert trip.images.get(alert.reference_key) == b"march"
    assert trip.images.get(alert.image_key) == b"april"
    assert trip.images.get(alert.mask_key) == b"mask"
    assert trip.images.get(alert.overlay_key) == b"overlay"
    (push,) = trip.pushes()
    assert (push.status, push.notice.changes, push.notice.area_id) == (DeliveryStatus.SENT, 2, area.area_id)
    assert trip.push.pushes == [(push.notice, TOPIC)]


def test_nothing_new_makes_no_alert_and_no_push(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    trip.run_session(area, "april", days=30, change=a_change(m2=900))
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert session.counts_by_verdict == {"NO_NEW_IMAGERY": 2}
    assert session.status is SessionStatus.NO_CHANGES
    assert session.newest_captured_at == SPRING + timedelta(days=30)
    assert len(trip.pushes()) == 1
    assert len(trip.tiles(area)) == 4


def test_the_same_bytes_under_another_name_are_nothing_new(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    trip.imagery.show("april", SPRING + timedelta(days=30), lambda _view: b"march")
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_an_older_scene_becomes_the_reference_and_is_then_nothing_new(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=0)
    assert trip.run_session(area, "february", days=-20).counts_by_verdict == {"NO_CHANGE": 2}
    assert trip.run_session(area, "february", days=-20).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_no_change_is_an_all_clear(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    session = trip.run_session(area, "april", days=30)
    assert session.counts_by_verdict == {"NO_CHANGE": 2}
    assert session.status is SessionStatus.NO_CHANGES
    assert [tile.is_changed for tile in trip.tiles(area)][:2] == [False, False]


def test_a_small_change_is_below_the_threshold(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    assert trip.run_session(area, "april", days=30, change=a_change(m2=24.9)).counts_by_verdict == {"NO_CHANGE": 2}


def test_a_provider_that_refuses_is_an_error_and_never_an_all_clear(trip):
    area = trip.add_area()
    trip.show("march")
    trip.imagery.fail(CORNER, ProviderRefused("the key was refused (403)"))
    session = trip.capture_now(area)
    trip.work()
    session = trip.session(session)
    assert session.status is SessionStatus.ERROR
    assert session.counts_by_verdict == {"BASELINE": 1, "FAILED": 1}
    assert [(failure.tile, failure.reason) for failure in session.failures] == [
        (str(CORNER), "the key was refused (403)")
    ]
    assert "1 of 2 tiles could not be captured" in session.reason


def test_a_provider_that_is_not_set_up_any_more_fails_the_tiles(trip):
    area = trip.add_area(tiles=1)
    trip.imagery = Invalid("no archive is set up here: start with --archive DIR")
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).failures[0].reason == "no archive is set up here: start with --archive DIR"


def test_blindness_is_no_all_clear(trip):
    area = trip.add_area()
    trip.clear_share = 0.1
    session = trip.run_session(area, "cloudy", days=0)
    assert session.counts_by_verdict == {"OBSCURED": 2}
    assert session.status is SessionStatus.ERROR
    trip.clear_share = 1.0
    assert trip.run_session(area, "clear", days=5).counts_by_verdict == {"BASELINE": 2}, "clouds are no reference"


def test_a_picture_from_the_future_blinds_nobody_and_is_not_kept(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    assert trip.run_session(area, "2099", days=27_000).counts_by_verdict == {"NO_NEW_IMAGERY": 1}
    assert {tile.image.scene_id for tile in trip.tiles(area)} == {"march"}
    assert trip.run_session(area, "april", days=30).counts_by_verdict == {"NO_CHANGE": 1}, "the date was mended"


def test_what_a_cloud_hid_is_compared_once_it_is_seen_again(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "clear march", days=0)
    trip.clear_share = 0.5
    trip.run_session(area, "half clouded april", days=30)
    trip.clear_share = 1.0
    session = trip.run_session(area, "clear may", days=50, change=a_change(m2=900))
    (alert, _) = trip.alerts_of(session)[0]
    assert trip.images.get(alert.reference_key) == b"clear march"
    assert trip.compare_now(area).session_id == session.session_id, "that is the pair to compare: no second session"


def test_where_no_clear_picture_is_there_a_clouded_one_is_the_reference(trip):
    area = trip.add_area(tiles=1)
    trip.clear_share = 0.5
    for number, verdict in enumerate(("BASELINE", "NO_CHANGE", "NO_CHANGE")):
        assert trip.run_session(area, f"half {number}", days=number).counts_by_verdict == {verdict: 1}


def test_a_picture_that_was_replaced_under_its_date_is_looked_at_anew(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    trip.run_session(area, "april", days=30)
    session = trip.run_session(area, "april mended", days=30, change=a_change(m2=900))
    assert trip.images.get(trip.alerts_of(session)[0][0].reference_key) == b"march"


def test_a_pair_too_cloudy_to_compare_is_obscured(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    session = trip.run_session(area, "april", days=30, change=a_change(clear_share=0.1))
    assert session.counts_by_verdict == {"OBSCURED": 2}


def test_a_change_seen_through_a_gap_in_the_clouds_is_a_change(trip):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    session = trip.run_session(area, "april", days=30, change=a_change(m2=400, clear_share=0.1))
    assert session.counts_by_verdict == {"CHANGED": 2}


def test_a_damaged_reference_is_an_error(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    key = trip.tiles(area)[0].image.key
    trip.images.delete([key])
    trip.images.put(key, b"rotten")
    session = trip.run_session(area, "april", days=30)
    assert session.counts_by_verdict == {"FAILED": 1}
    assert "damaged" in session.failures[0].reason
    assert trip.tiles(area)[0].status is ImageStatus.ERROR
