"""What people are told of areas that are not seen: once, when it has held, and one message a person and day.

On both databases, through the whole trip: sessions end, reconcile decides, the worker pushes.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from chalicelib.adapters.database.area_state_table import area_states, state_notices
from chalicelib.adapters.database.tables import deliveries, outbox
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.errors import ProviderRefused
from chalicelib.domain.jobs import Queue
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from tests.support.builders.domain import NOON, a_change
from tests.support.timing import at_once
from tests.support.trip import Trip

CLEAR, PARTLY, BLIND = 1.0, 0.5, 0.1
DAY = timedelta(days=1)


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    return made


def register(trip, user, token):
    trip.accounts.add_device(user.user_id, token=token, platform="android", now=trip.now)


def look(trip, area, clear_share, *, m2=None):
    """Run a session now on a scene of today."""
    trip.clear_share = clear_share
    trip.show(f"scene {trip.now}", days=(trip.now - NOON) / DAY, change=a_change(m2, clear_share=clear_share))
    trip.capture_now(area)
    trip.work()


def settle(trip):
    trip.reconcile()
    trip.work()


def days(trip, areas, clear_shares, *, m2=None):
    """Let days pass: each area has its session, an hour later the clock ticks."""
    for clear_share in clear_shares:
        for area in areas:
            look(trip, area, clear_share, m2=m2)
        trip.wait(hours=1)
        settle(trip)
        trip.wait(hours=23)


def told(trip, address="phone"):
    """Give the titles of what a phone has shown of areas' states."""
    return [notice.title for notice, target in trip.push.pushes if target.address == address and is_of_states(notice)]


def is_of_states(notice):
    return notice.collapse_key.startswith("areas-")


def sentences(trip):
    return [notice.body for notice, _ in trip.push.pushes if is_of_states(notice)]


def value(trip, query):
    with trip.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def test_an_area_that_is_blind_for_fourteen_days_is_told_once(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR] + [BLIND] * 14)
    assert told(trip) == [], "from the second day on, it has not held for fourteen"
    days(trip, [area], [BLIND] * 20)
    assert told(trip) == ["Not seen: Hill"]
    (push,) = trip.pushes()
    session = next(session for session in reversed(trip.all_sessions()) if session.ended_at == NOON + 15 * DAY)
    assert push.notice.members == {
        "area_config_id": str(area.area_id),
        "alert_session_id": str(session.session_id),
        "changes_count": "0",
        "state": "blind",
    }
    assert push.notice.body == (
        f"All of it, {session.unseen.m2:,.0f} m2, has not been seen since 2 March 2026: "
        "clouds, or gaps in the pictures. No message about changes can come from there until it is seen again."
    )
    assert push.sent_at == NOON + 15 * DAY + timedelta(hours=1)


def test_part_of_an_area_is_told_with_how_much(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [PARTLY] * 16)
    assert told(trip) == ["Partly not seen: Hill"]
    (body,) = sentences(trip)
    assert body.startswith("50 % of it, ")
    assert "has not been seen since 1 March 2026" in body
    assert body.endswith("No message about changes can come from what is not seen until it is seen again.")


def test_a_provider_that_fails_is_told_after_two_days(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR])
    trip.imagery.scenes = refuse
    days(trip, [area], [CLEAR] * 2)
    assert told(trip) == []
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Could not be looked at: Hill"]
    (body,) = sentences(trip)
    assert "could not be looked at since 2 March 2026: the source of the pictures fails." in body


def refuse(*_args, **_kwargs):
    raise ProviderRefused("the provider answered 403: quota")


def test_an_area_without_a_picture_is_told_so(trip):
    area = trip.add_area(tiles=2)
    for _ in range(4):
        trip.capture_now(area)
        trip.work()
        settle(trip)
        trip.wait(days=1)
    assert told(trip) == ["Could not be looked at: Hill"]
    (body,) = sentences(trip)
    assert "there is no picture of it." in body


def test_seen_again_is_told_to_who_knows_of_worse(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [BLIND] * 15 + [CLEAR] * 2)
    assert told(trip) == ["Not seen: Hill"], "it has not held yet"
    days(trip, [area], [CLEAR] * 5)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]
    assert sentences(trip)[-1] == "It has been seen again since 16 March 2026: you are told of changes as before."


def test_seen_again_is_not_told_to_who_knows_of_nothing(trip):
    days(trip, [trip.add_area(tiles=2)], [CLEAR] + [BLIND] * 10 + [CLEAR] * 10)
    assert told(trip) == []


def test_a_change_where_nothing_was_seen_is_told_at_once_and_is_seen_again(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR] + [BLIND] * 15)
    days(trip, [area], [CLEAR], m2=900)
    assert trip.push.pushes[-1][0].title == "Change detected: Hill"
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_changes_in_what_is_seen_hide_no_unseen_ground_beside_them(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR])
    for _ in range(8):
        days(trip, [area], [PARTLY])
        days(trip, [area], [PARTLY], m2=900)
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.CHANGED
    assert told(trip) == ["Partly not seen: Hill"]


def test_what_flaps_tells_nothing(trip):
    days(trip, [trip.add_area(tiles=2)], [BLIND] * 13 + [CLEAR] + [BLIND] * 13 + [CLEAR] + [BLIND] * 13)
    assert told(trip) == []


def test_more_or_less_blind_is_not_seen_all_the_same(trip):
    days(trip, [trip.add_area(tiles=2)], [BLIND, PARTLY] * 10)
    assert told(trip) == ["Partly not seen: Hill"]


def test_what_flaps_after_it_was_told_does_not_ring(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [BLIND] * 15)
    assert told(trip) == ["Not seen: Hill"]
    days(trip, [area], [CLEAR, BLIND] * 10)
    assert told(trip) == ["Not seen: Hill"], "it never was seen for two days, nor blind for fourteen"
    days(trip, [area], [CLEAR] * 4 + [BLIND] * 12)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_a_provider_that_fails_every_other_week_day_does_not_ring_every_other_day(trip):
    area = trip.add_area(tiles=2)
    scenes = trip.imagery.scenes
    for _ in range(8):
        trip.imagery.scenes = refuse
        days(trip, [area], [CLEAR] * 3)
        trip.imagery.scenes = scenes
        days(trip, [area], [CLEAR] * 3)
    failing, again = "Could not be looked at: Hill", "Seen again: Hill"
    assert told(trip) == [failing, again, failing], "and then it has to be seen for as long as blindness has to hold"
    days(trip, [area], [CLEAR] * 14)
    assert told(trip) == [failing, again, failing, again]


def test_a_state_that_worsens_is_told_once_more_after_its_own_period(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [PARTLY] * 16)
    days(trip, [area], [BLIND] * 14)
    assert told(trip) == ["Partly not seen: Hill"]
    days(trip, [area], [BLIND] * 8)
    assert told(trip) == ["Partly not seen: Hill", "Not seen: Hill"]
    days(trip, [area], [PARTLY] * 20)
    assert told(trip) == ["Partly not seen: Hill", "Not seen: Hill"], "better, and not well"


@pytest.mark.parametrize(("began", "after"), [((6, 10), 30), ((5, 20), 30), ((9, 10), 21), ((10, 3), 14), ((5, 1), 14)])
def test_in_the_monsoon_it_takes_thirty_days(engine, began, after):
    trip = Trip(engine)
    register(trip, trip.user, "phone")
    trip.now = datetime(2026, *began, 0, tzinfo=NOON.tzinfo)
    area = trip.add_area(tiles=2)
    for day in range(40):
        look(trip, area, BLIND)
        settle(trip)
        trip.wait(days=1)
        if told(trip):
            assert day == after
            return
    raise AssertionError("it was never told")


def test_areas_that_turn_on_one_day_are_one_message(trip):
    areas = [trip.add_area(tiles=1, name=name) for name in ("Lake", "Hill", "Grove", "Field", "Pond")]
    for area in areas:
        look(trip, area, BLIND)
        trip.wait(hours=3)
    trip.wait(days=13)
    for _ in range(48):
        settle(trip)
        trip.wait(hours=1)
    assert told(trip) == ["Not seen: 5 areas"]
    (body,) = sentences(trip)
    assert body.startswith("Not seen since 1 March 2026 or later, ")
    assert ": Lake, Hill, Grove and 2 more (clouds, or gaps in the pictures)." in body
    at = value(trip, select(state_notices.c.created_at))
    assert at <= NOON + 14 * DAY + timedelta(hours=13), "as soon as the last has held"


def test_what_could_not_be_said_today_is_said_tomorrow(trip):
    lake, hill = trip.add_area(tiles=1, name="Lake"), trip.add_area(tiles=1, name="Hill")
    look(trip, lake, BLIND)
    trip.wait(days=12, hours=5)
    trip.imagery.scenes = refuse
    look(trip, hill, CLEAR)
    shown = []
    for _ in range(24 * 4):
        trip.wait(hours=1)
        settle(trip)
        shown += [(trip.now, notice.title) for notice, _ in trip.push.pushes[len(shown) :]]
    assert shown == [
        (NOON + 14 * DAY, "Not seen: Lake"),
        (NOON + 15 * DAY, "Could not be looked at: Hill"),
    ], "the second has held since five hours after the first was told"


def test_each_person_has_a_message_of_his_own(trip):
    other = trip.add_user()
    register(trip, other, "other phone")
    mine, theirs = trip.add_area(tiles=1), trip.add_area(tiles=1, user=other, name="Lake")
    days(trip, [mine, theirs], [BLIND] * 16)
    assert (told(trip), told(trip, "other phone")) == (["Not seen: Hill"], ["Not seen: Lake"])
    (push,) = trip.pushes()
    assert push.notice.title == "Not seen: Hill"


def test_the_operators_topic_is_told_too(engine):
    trip = Trip(engine, targets=[Target(kind=TargetKind.TOPIC, address="operators")])
    days(trip, [trip.add_area(tiles=1)], [BLIND] * 16)
    assert told(trip, "operators") == ["Not seen: Hill"]


def test_who_has_no_device_is_told_once_there_is_one(engine):
    trip = Trip(engine)
    area = trip.add_area(tiles=1)
    days(trip, [area], [BLIND] * 20)
    assert value(trip, select(func.count()).select_from(state_notices)) == 0
    register(trip, trip.user, "phone")
    trip.wait(hours=1)
    settle(trip)
    assert told(trip) == ["Not seen: Hill"]


def test_a_push_service_that_is_away_for_days_delays_it_and_loses_nothing(trip):
    area = trip.add_area(tiles=1)
    trip.push.away = True
    days(trip, [area], [BLIND] * 15)
    for _ in range(40):
        settle(trip)
        trip.wait(hours=3)
    trip.push.away = False
    for _ in range(8):
        settle(trip)
        trip.wait(hours=3)
    assert told(trip) == ["Not seen: Hill"]


def test_what_was_given_up_is_not_told_where_it_is_no_longer_so(trip):
    area = trip.add_area(tiles=1)
    trip.push.away = True
    days(trip, [area], [BLIND] * 15 + [CLEAR] * 3)
    trip.push.away = False
    days(trip, [area], [CLEAR] * 5)
    assert told(trip) == [], "and so nobody has to be told that it is seen again"


def test_a_device_that_is_gone_is_dropped_and_the_next_one_is_told(trip):
    area = trip.add_area(tiles=1)
    trip.push.script["phone"] = DeliveryStatus.DEAD_TARGET
    days(trip, [area], [BLIND] * 16)
    assert trip.accounts.devices(trip.user.user_id) == []
    register(trip, trip.user, "new phone")
    days(trip, [area], [BLIND] * 2)
    assert told(trip, "new phone") == ["Not seen: Hill"]


def due(trip, *, areas=1):
    """Bring a user's areas to where a message is due, and not decided."""
    made = [trip.add_area(tiles=1, name=f"Area {number}") for number in range(areas)]
    for area in made:
        look(trip, area, BLIND)
    trip.wait(days=14)
    return made


def test_ten_that_decide_at_once_write_one_message(trip):
    for number in range(4):
        user = trip.add_user()
        register(trip, user, f"phone {number}")
        area = trip.add_area(tiles=1, user=user)
        look(trip, area, BLIND)
    trip.wait(days=14)
    at_once(*[trip.reconcile] * 10)
    at_once(*[trip.work] * 4)
    assert [told(trip, f"phone {number}") for number in range(4)] == [["Not seen: Hill"]] * 4
    assert value(trip, select(func.count()).select_from(state_notices)) == 4


def test_a_process_that_dies_before_it_sends_loses_nothing(trip):
    due(trip)
    (user_id,) = trip.state_notices.due(now=trip.now, limit=10)
    assert trip.state_notices.decide(user_id, now=trip.now) != [], "and its messages go nowhere"
    assert trip.state_notices.decide(user_id, now=trip.now) == []
    settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_job_that_a_worker_of_the_release_before_took_is_written_anew(trip):
    due(trip)
    trip.reconcile()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=60)
    trip.outbox.done(received)
    for _ in range(3):
        trip.wait(minutes=10)
        settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_job_that_waits_is_not_written_twice(trip):
    due(trip)
    for _ in range(5):
        trip.reconcile()
        trip.wait(minutes=10)
    assert value(trip, select(func.count()).select_from(outbox)) == 1


def test_a_dead_letter_is_begun_anew(trip):
    due(trip)
    trip.reconcile()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=60)
    trip.outbox.give_back(received, available_at=trip.now, reason="MemoryError", dead=True)
    settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_clock_that_is_put_back_tells_nothing_twice_and_stops_nothing(trip):
    area = trip.add_area(tiles=1)
    days(trip, [area], [BLIND] * 16)
    assert len(told(trip)) == 1
    trip.wait(days=-200)
    days(trip, [area], [BLIND] * 16)
    assert len(told(trip)) == 1
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_a_deleted_area_is_not_named(trip):
    kept, dropped = due(trip, areas=2)
    trip.delete(dropped)
    settle(trip)
    assert told(trip) == [f"Not seen: {kept.name}"]


def test_an_area_that_is_deleted_after_it_was_decided_is_not_named(trip):
    dropped, kept = due(trip, areas=2)
    trip.push.away = True
    settle(trip)
    trip.delete(dropped)
    settle(trip)
    trip.push.away = False
    trip.wait(minutes=15)
    settle(trip)
    assert told(trip) == [f"Not seen: {kept.name}"]
    (push,) = trip.pushes()
    assert (push.notice.area_id, push.status) == (kept.area_id, DeliveryStatus.SENT)


@pytest.mark.parametrize("is_sent", [True, False])
def test_nothing_is_left_of_an_area_that_is_purged(trip, is_sent):
    (area,) = due(trip)
    trip.push.away = not is_sent
    settle(trip)
    trip.delete(area)
    for _ in range(3):
        settle(trip)
        trip.wait(minutes=15)
    for table in (area_states, deliveries, outbox):
        assert value(trip, select(func.count()).select_from(table)) == 0, table.name
    assert value(trip, select(state_notices.c.areas)) == [], "that there was a message today, and of nothing"


def test_who_deletes_an_area_has_no_second_message_that_day(trip):
    (area,) = due(trip)
    settle(trip)
    other = trip.add_area(tiles=1, name="Lake")
    trip.imagery.scenes = refuse
    look(trip, other, CLEAR)
    trip.delete(area)
    with trip.engine.begin() as connection:
        connection.execute(text("UPDATE area_states SET since = '2026-01-01', side_since = '2026-01-01'"))
    for _ in range(3):
        settle(trip)
        trip.wait(hours=7)
    assert told(trip) == ["Not seen: Area 0"]
    trip.wait(hours=7)
    settle(trip)
    assert told(trip) == ["Not seen: Area 0", "Could not be looked at: Lake"]


def test_a_state_that_a_release_before_wrote_is_told(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, BLIND)
    with trip.engine.begin() as connection:
        columns = [c.name for c in area_states.columns if c.name not in ("area_id", "state", "since")]
        connection.execute(text(f"UPDATE area_states SET {', '.join(f'{name} = NULL' for name in columns)}"))
    days(trip, [area], [BLIND] * 16)
    assert told(trip) == ["Not seen: Hill"]


def test_it_is_looked_up_by_an_index(trip):
    for _ in range(30):
        look(trip, trip.add_area(tiles=1), CLEAR)
    plan = "EXPLAIN QUERY PLAN" if trip.engine.dialect.name == "sqlite" else "EXPLAIN"
    query = "SELECT area_id FROM area_states WHERE tell_at <= '2026-03-01'"
    with trip.engine.connect() as connection:
        says = " ".join(map(str, connection.execute(text(f"{plan} {query}")).all()))
        waiting = connection.execute(text("SELECT COUNT(*) FROM area_states WHERE tell_at IS NOT NULL")).scalar_one()
    assert "ix_area_states_tell_at" in says
    assert waiting == 0, "an area that is seen is not among them"


def test_many_areas_are_decided_in_one_message_that_fits(trip):
    due_areas = [trip.add_area(tiles=1, name="ग्राम " * 30 + str(number)) for number in range(30)]
    for area in due_areas:
        look(trip, area, BLIND)
    trip.wait(days=14)
    settle(trip)
    assert told(trip) == ["Not seen: 30 areas"]
    (body,) = sentences(trip)
    assert "and 27 more" in body
    assert len(body.encode()) < 2000
