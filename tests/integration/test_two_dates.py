"""Two dates that somebody asks for: compared like any other pair, and no word about the area as it is now."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from chalicelib.domain.errors import BadImage, Conflict, LimitReached, NotFound
from chalicelib.domain.jobs import Queue
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.sessions import Cause, SessionStatus
from tests.support.builders.domain import a_change, an_inspection, day_after
from tests.support.timing import at_once
from tests.support.trip import ALL, Trip, jobs_of

CHANGED, ERROR, NO_CHANGES = SessionStatus.CHANGES_DETECTED, SessionStatus.ERROR, SessionStatus.NO_CHANGES


@pytest.fixture
def trip(engine):
    return Trip(engine)


def rows(trip, query):
    with trip.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def asked(trip, area, before=-400, after=-40, *, change=None):
    """Ask for two dates and work until there is an answer."""
    trip.change = a_change(900) if change is None else change
    session = trip.compare_dates(area, day_after(before), day_after(after))
    trip.work()
    return trip.session(session)


@pytest.fixture
def area(trip):
    """Give an area that is watched since the beginning of March, with older pictures that nobody has looked at."""
    made = trip.add_area(tiles=2)
    trip.run_session(made, "march", days=0)
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    return made


def test_two_dates_are_a_session_with_alerts_that_say_which_days(trip, area):
    session = asked(trip, area)
    assert (session.status, session.cause, session.alerts) == (CHANGED, Cause.COMPARISON, 2)
    assert (session.dates.before, session.dates.after, session.is_all_clear) == (day_after(-400), day_after(-40), False)
    for alert, image in trip.alerts_of(session):
        assert alert.change_log["message"] == f"900 m2 changed in 1 place from {day_after(-400)} to {day_after(-40)}"
        assert (alert.change_log["before"], alert.change_log["after"]) == (str(day_after(-400)), str(day_after(-40)))
        assert (alert.reference_captured_at.date(), image.image.captured_at.date()) == (day_after(-400), day_after(-40))
        assert alert.place_ids == ()
    assert trip.pushes() == []


def test_people_are_told_which_dates_it_was(trip, area):
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    session = asked(trip, area)
    (push,) = trip.pushes()
    assert push.notice.session_id == session.session_id
    assert push.notice.body.startswith(f"2 tiles changed between {day_after(-400)} and {day_after(-40)}, as asked")


def test_it_is_not_the_newest_image_and_not_the_reference(trip, area):
    before = [image.image.image_id for image in trip.tiles(area)]
    asked(trip, area)
    assert [image.image.image_id for image in trip.tiles(area)] == before, "the area's images are its own"
    later = trip.run_session(area, "april", days=30, change=a_change(500))
    assert (later.status, later.alerts) == (CHANGED, 2)
    for alert, _ in trip.alerts_of(later):
        assert alert.reference_captured_at.date() == day_after(0), "and not a picture of the two dates"


def test_the_newest_picture_is_compared_all_the_same_when_two_dates_had_it_first(trip, area):
    """What the area's own session has not looked at yet is as new as if nobody had asked."""
    trip.show("april", days=30, change=a_change(500))
    assert asked(trip, area, -40, 30, change=a_change()).status is NO_CHANGES
    own = trip.capture_now(area)
    trip.change = a_change(500)
    trip.work()
    own = trip.session(own)
    assert (own.status, own.alerts) == (CHANGED, 2), "a pair that somebody asked for has not swallowed it"
    for alert, _ in trip.alerts_of(own):
        assert alert.reference_captured_at.date() == day_after(0)


def test_a_change_on_ground_that_two_dates_alerted_on_is_told(trip, area):
    """No place comes of them, so nothing there is known as told."""
    asked(trip, area)
    assert trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items == []
    trip.reconcile()
    assert trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items == [], (
        "nor does upkeep join them"
    )
    later = trip.run_session(area, "april", days=30, change=a_change(900))
    assert later.alerts == 2


def test_it_says_nothing_of_the_areas_state(trip, area):
    before = trip.areas.standings([area.area_id])
    asked(trip, area)
    assert trip.areas.standings([area.area_id]) == before
    trip.clear_share = 0.1
    hidden = asked(trip, area, -40, 0)
    assert (hidden.status, hidden.counts_by_verdict) == (ERROR, {"OBSCURED": 2})
    assert trip.areas.standings([area.area_id]) == before


def test_unseen_ground_is_missed_since_the_areas_own_sessions_missed_it(trip, area):
    asked(trip, area, change=a_change(clear_share=0.5))
    trip.wait(days=1)
    trip.clear_share = 0.5
    own = trip.run_session(area, "april", days=30, change=a_change(clear_share=0.5))
    assert own.unseen.since == trip.now, "not since somebody asked for other dates"


def test_a_session_does_not_wait_for_it_and_a_tap_is_not_answered_with_it(trip, area):
    two_dates = trip.compare_dates(area, day_after(-400), day_after(-40))
    trip.show("april", days=30)
    own = trip.capture_now(area)
    assert own.session_id != two_dates.session_id
    assert trip.compare_now(area).session_id == own.session_id
    trip.work()
    assert trip.session(own).status is NO_CHANGES
    assert trip.compare_now(area).session_id == own.session_id, "the latest of its own, and not the other one"
    ended = asked(trip, area, -40, 0)
    assert ended.session_id > own.session_id
    assert trip.compare_now(area).session_id == own.session_id


def test_the_first_request_of_a_new_area_is_answered_as_ever(trip):
    made = trip.add_area(tiles=1)
    trip.show("march", days=0)
    trip.show("last year", days=-40)
    trip.tick()
    trip.work()
    asked(trip, made, -40, 0)
    assert trip.capture_now(made).cause is Cause.REQUESTED
    assert rows(trip, "SELECT COUNT(*) FROM alert_sessions") == [(2,)]


def test_the_clearest_picture_near_a_date_is_compared(trip, area):
    trip.show("nearer, under cloud", days=-399)
    trip.inspect = lambda content, *_rest: an_inspection(content, clear_share=0.4 if b"cloud" in content else 1.0)
    session = trip.compare_dates(area, day_after(-399), day_after(-40))
    trip.change = a_change(900)
    trip.work()
    for alert, _ in trip.alerts_of(session):
        assert alert.reference_captured_at.date() == day_after(-400)
    assert len(trip.alerts_of(session)) == 2


def test_of_pictures_that_cannot_be_used_the_next_one_is_taken(trip, area):
    trip.show("nearer, and damaged", days=-399)
    good = trip.imagery.fetch

    def fetch(scene, view, ground):
        if "damaged" in scene.scene_id:
            raise BadImage("it is cut off")
        return good(scene, view, ground)

    trip.imagery.fetch = fetch
    assert asked(trip, area, -399, -40).alerts == 2


def test_where_none_can_be_used_it_failed_with_the_reason(trip, area):
    trip.imagery.fail(None, BadImage("it is cut off"))
    session = asked(trip, area)
    assert session.status is ERROR
    assert session.counts_by_verdict == {"FAILED": 2}
    assert f"near {day_after(-400)} could be used: it is cut off" in session.failures[0].reason
    trip.imagery.heal()
    trip.wait(minutes=2)
    again = asked(trip, area)
    assert (again.session_id != session.session_id, again.alerts) == (True, 2), "and can be asked for again"


def test_a_date_without_a_picture_near_it_says_which_there_are(trip, area):
    with pytest.raises(
        Conflict, match=f"within 45 days of {day_after(-200)}.*{day_after(-400)}, {day_after(-40)}, {day_after(0)}"
    ) as refused:
        trip.compare_dates(area, day_after(-200), day_after(-40))
    assert refused.value.pointer == "/before"
    with pytest.raises(Conflict) as refused:
        trip.compare_dates(area, day_after(-401), day_after(-399))
    assert refused.value.pointer == "/after", "one picture is not compared with itself"
    assert rows(trip, "SELECT COUNT(*) FROM alert_sessions") == [(1,)]


def test_an_undated_provider_has_no_dates(trip, area):
    trip.imagery.terms = replace(trip.imagery.terms, is_dated=False)
    with pytest.raises(Conflict, match="does not say when its pictures were taken"):
        trip.compare_dates(area, day_after(-400), day_after(-40))


def test_it_is_another_users_area(trip, area):
    with pytest.raises(NotFound):
        trip.compare_dates(replace(area, user_id=trip.add_user().user_id), day_after(-400), day_after(-40))


def test_asked_twice_it_is_one_session(trip, area):
    first = asked(trip, area)
    assert asked(trip, area).session_id == first.session_id
    assert len(trip.alerts_of(first)) == 2
    trip.show("nearer", days=-401)
    assert asked(trip, area).session_id != first.session_id, "there is another picture to choose from"


@pytest.mark.parametrize("round_", range(8))
def test_of_many_who_ask_at_once_one_session_comes(trip, area, round_):
    trip.waiting_room = {"places": 6, "places_a_user": 6}  # so that all of them come to it at once
    answers = at_once(*[lambda: trip.compare_dates(area, day_after(-400), day_after(-40 + round_ % 2))] * 6)
    assert len({answer.session_id for answer in answers}) == 1, answers
    assert rows(trip, "SELECT COUNT(*) FROM alert_sessions WHERE two_dates IS NOT NULL") == [(1,)]


def test_two_workers_on_its_last_tiles_end_it_once(trip, area):
    trip.change = a_change(900)
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    for job in jobs_of(trip, Queue.CAPTURES):
        at_once(lambda job=job: trip.capture_tile(job), lambda job=job: trip.capture_tile(job))
    first, second = jobs_of(trip, Queue.COMPARISONS)
    at_once(lambda: trip.compare_tile(first), lambda: trip.compare_tile(second))
    assert (trip.session(session).status, len(trip.alerts_of(session))) == (CHANGED, 2)
    assert rows(trip, "SELECT COUNT(*) FROM image_tiles WHERE is_apart") == [(4,)]


def test_a_worker_that_dies_between_its_two_images_is_followed_by_another(trip, area):
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    keep, calls = trip.tile_images.keep, []

    def dies(*arguments, **more):
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return keep(*arguments, **more)

    trip.tile_images.keep = dies
    trip.change = a_change(900)
    trip.work()
    trip.wait(minutes=2)
    trip.work()
    assert (trip.session(session).status, len(trip.alerts_of(session))) == (CHANGED, 2)
    assert rows(trip, "SELECT COUNT(*) FROM image_tiles WHERE is_apart") == [(4,)]


def test_a_lost_object_of_two_dates_is_no_reason_to_compare_others(trip, area):
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    for (key,) in rows(trip, "SELECT object_key FROM image_tiles WHERE is_apart"):
        trip.images.contents.pop(key, None)
    for job in jobs_of(trip, Queue.COMPARISONS):
        trip.compare_tile(job)
    assert trip.session(session).counts_by_verdict == {"FAILED": 2}
    again = asked(trip, area)
    assert (again.session_id != session.session_id, again.alerts) == (True, 2), "they are captured anew"


def test_a_deleted_area_takes_its_comparisons_with_it(trip, area):
    asked(trip, area)
    trip.compare_dates(area, day_after(-40), day_after(0))
    trip.delete(area)
    trip.work()
    trip.reconcile()
    for table in ("alert_sessions", "image_tiles", "scene_searches", "session_tiles", "alert_details", "captures"):
        assert rows(trip, f"SELECT COUNT(*) FROM {table}") == [(0,)], table


def test_it_spends_two_tiles_for_each(engine):
    trip = Trip(engine, tiles_per_day=5)
    made = trip.add_area(tiles=2)
    for scene, days in (("long ago", -400), ("last year", -40), ("march", 0)):
        trip.show(scene, days=days)
    asked(trip, made)
    with pytest.raises(LimitReached, match="4 of today's 5 tiles are used, and this area needs 4"):
        trip.compare_dates(made, day_after(-40), day_after(0))


def test_the_release_before_takes_none_of_its_images_for_the_truth(trip, area):
    """It never reads `is_apart`, and what is not usable is nothing to compare with."""
    asked(trip, area)
    assert rows(trip, "SELECT COUNT(*) FROM image_tiles WHERE is_apart AND is_usable") == [(0,)]
    assert rows(trip, "SELECT DISTINCT cause FROM alert_sessions WHERE two_dates IS NOT NULL") == [("COMPARISON",)]


# compareSince
