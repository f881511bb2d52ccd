"""When an area is due that is looked at by the clock of a time zone: over changes of that clock, and after pauses."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.domain.cadences import Cadence, due_by, next_due
from chalicelib.domain.errors import Invalid
from chalicelib.domain.schedules import WEEKDAYS, Schedule, checked_schedule


def weekly(*days, at="06:30", zone="Asia/Kolkata"):
    return checked_schedule(weekdays=days, every_days=None, at=at, zone=zone)


def every(days, *, at="02:30", zone="Europe/Berlin"):
    return checked_schedule(weekdays=None, every_days=days, at=at, zone=zone)


def utc(*day):
    return datetime(*day, tzinfo=UTC)


def test_weekdays_are_those_of_the_zone():
    schedule = weekly("mon")  # Monday 06:30 in Kolkata is Monday 01:00 in UTC; 00:30 there is still Sunday here
    assert schedule.next_after(utc(2026, 3, 1, 12)) == utc(2026, 3, 2, 1)
    assert schedule.next_after(utc(2026, 3, 2, 1)) == utc(2026, 3, 9, 1), "after, not at"
    assert weekly("mon", at="00:30").next_after(utc(2026, 3, 1, 12)) == utc(2026, 3, 1, 19)
    late = weekly("sun", at="23:00", zone="America/Los_Angeles")
    assert late.next_after(utc(2026, 1, 4, 12)) == utc(2026, 1, 5, 7)


def test_the_hour_on_the_wall_stays_when_clocks_change():
    schedule = weekly(*WEEKDAYS, at="06:30", zone="Europe/Berlin")
    assert schedule.next_after(utc(2026, 3, 28, 0)) == utc(2026, 3, 28, 5, 30)
    assert schedule.next_after(utc(2026, 3, 29, 0)) == utc(2026, 3, 29, 4, 30)


def test_a_time_that_a_day_does_not_have_is_as_much_later_as_clocks_are_put_forward():
    assert every(1).next_after(utc(2026, 3, 28, 12)) == utc(2026, 3, 29, 1, 30)  # 03:30 on the wall


def test_of_a_time_that_a_day_has_twice_it_is_the_first_and_it_is_once():
    first = every(1).next_after(utc(2026, 10, 24, 12))
    assert first == utc(2026, 10, 25, 0, 30)
    assert every(1).next_after(first) == utc(2026, 10, 26, 1, 30)


def test_so_many_days_are_counted_from_the_last_time_and_missed_ones_are_not_made_up_for():
    cadence = Cadence.of_schedule(every(3, at="10:00", zone="UTC"))
    due_at = utc(2026, 1, 1, 10)
    assert next_due(due_at, cadence, now=due_at) == utc(2026, 1, 4, 10)
    assert next_due(due_at, cadence, now=utc(2026, 1, 8, 9)) == utc(2026, 1, 10, 10)
    assert next_due(due_at, cadence, now=utc(2026, 1, 10, 10)) == utc(2026, 1, 13, 10)
    assert next_due(utc(2026, 1, 9), cadence, now=utc(2026, 1, 8)) == utc(2026, 1, 9), "a look before does not move it"


def test_so_many_days_are_counted_from_the_day_since_which_it_holds_whenever_it_was_looked_at():
    schedule = every(3, at="10:00", zone="UTC").counted_from(utc(2026, 1, 1, 9))
    cadence = Cadence.of_schedule(schedule)
    assert next_due(utc(2026, 1, 5, 17), cadence, now=utc(2026, 1, 5, 17)) == utc(2026, 1, 7, 10), "a day late"
    assert next_due(utc(2026, 1, 6, 2), cadence, now=utc(2026, 1, 6, 2)) == utc(2026, 1, 7, 10), "a day early"
    assert next_due(utc(2026, 1, 7, 10), cadence, now=utc(2026, 1, 7, 10)) == utc(2026, 1, 10, 10)
    assert due_by(utc(2026, 1, 7, 10), cadence, now=utc(2026, 2, 1)) == utc(2026, 2, 3, 10), "after a pause"
    assert schedule.next_after(utc(2025, 12, 25, 11)) == utc(2025, 12, 26, 10), "a clock was put back"


@pytest.mark.parametrize("schedule", [weekly("mon"), weekly(*WEEKDAYS), every(1), every(30), every(365)], ids=str)
def test_the_next_time_is_later_and_never_further_than_the_longest(schedule):
    moment = utc(2026, 1, 1)
    for hours in range(0, 24 * 400, 7):
        now = moment + timedelta(hours=hours)
        assert now < schedule.next_after(now, last=moment) <= now + schedule.longest
        assert now < schedule.counted_from(moment).next_after(now) <= now + schedule.longest


def test_another_cadence_brings_the_next_look_nearer_and_puts_none_off():
    now = utc(2026, 1, 1)
    assert due_by(utc(2026, 1, 9), Cadence(6), now=now) == utc(2026, 1, 1, 6)
    assert due_by(utc(2026, 1, 1, 3), Cadence(168), now=now) == utc(2026, 1, 1, 3)
    assert due_by(utc(2025, 12, 1), Cadence(168), now=now) == utc(2025, 12, 1), "what is overdue is due at once"
    assert due_by(utc(2025, 12, 1), Cadence.of_schedule(weekly("mon")), now=now) == utc(2026, 1, 5, 1)


def test_a_schedule_is_kept_as_it_is():
    for schedule in (weekly("fri", "mon"), every(3), every(3).counted_from(utc(2026, 1, 1))):
        kept = Schedule.from_json(schedule.to_json())
        assert (kept, kept.since) == (schedule, schedule.since)
    assert weekly("fri", "mon", "fri").weekdays == ("mon", "fri")
    assert (weekly("mon", "fri").hours, every(3).hours) == (84, 72)


@pytest.mark.parametrize(
    "zone",
    [
        *("Asia/Puri", "", "../Asia/Kolkata", "/etc/passwd", "Asia", "Asia/", "a\0b", "X" * 64, "Asia/Kolkata\n"),
        *("localtime", "Factory", "right/Asia/Kolkata", "posix/Asia/Kolkata", "posixrules"),
    ],
)
def test_what_is_no_time_zone_is_refused(zone):
    with pytest.raises(Invalid, match="no time zone"):
        every(1, zone=zone)


def test_time_zones_are_there_where_the_system_has_none(monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    zoneinfo.reset_tzpath(to=())
    try:
        zone = zoneinfo.ZoneInfo.no_cache("Asia/Kolkata")
        assert datetime.combine(date(2026, 3, 2), time(6, 30), tzinfo=zone).astimezone(UTC) == utc(2026, 3, 2, 1)
    finally:
        zoneinfo.reset_tzpath()
