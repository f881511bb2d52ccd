"""Schedules come round by a clock that never jumps, whatever the wall clock does."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.errors import OperatorError
from infra.runtime.ticks import Ticks

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Time:
    """A wall clock that can be put back and forward, and one that cannot."""

    def __init__(self):
        self.wall, self.seconds = NOON, 1000.0

    def ticks(self, **schedules):
        return Ticks(schedules, clock=lambda: self.wall, monotonic=lambda: self.seconds)

    def run(self, ticks, *, minutes, step_s=1.0):
        """Let so many minutes pass; give what fired, as (minute, name)."""
        fired = []
        for number in range(round(minutes * 60 / step_s)):
            self.wall += timedelta(seconds=step_s)
            self.seconds += step_s
            for name in ticks.due():
                fired.append(((number + 1) * step_s / 60, name))
                ticks.fired(name)
        return fired


@pytest.fixture
def time():
    return Time()


def test_everything_is_due_at_the_start_and_then_when_it_comes_round(time):
    ticks = time.ticks(minute="rate(1 minute)", quarter="cron(0/15 * * * ? *)")
    assert ticks.due() == ["minute", "quarter"]
    for name in ticks.due():
        ticks.fired(name)
    assert ticks.due() == []
    fired = time.run(ticks, minutes=30)
    assert [minute for minute, name in fired if name == "minute"] == list(range(1, 31))
    assert [minute for minute, name in fired if name == "quarter"] == [15, 30]


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_wall_clock_that_jumps_moves_no_rate(time, hours):
    ticks = time.ticks(minute="rate(1 minute)")
    time.run(ticks, minutes=5)
    time.wall += timedelta(hours=hours)
    assert len(time.run(ticks, minutes=10)) == 10


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_wall_clock_that_jumps_stops_no_cron_and_fires_none_twice_in_a_row(time, hours):
    ticks = time.ticks(ten="cron(0/10 * * * ? *)")
    assert [minute for minute, _ in time.run(ticks, minutes=25)][1:] == [10, 20]
    time.wall += timedelta(hours=hours)  # 05:25 or 19:25
    fired = [minute for minute, _ in time.run(ticks, minutes=40)]
    if hours > 0:
        assert fired.pop(0) <= 1, "what was jumped over is due at once, and once"
    assert fired == [5, 15, 25, 35]


def test_a_day_that_was_jumped_over_is_not_left_out(time):
    ticks = time.ticks(evening="cron(0 18 * * ? *)")
    time.run(ticks, minutes=5)
    time.wall += timedelta(hours=7)  # 19:05
    assert len(time.run(ticks, minutes=60, step_s=5)) == 1
    time.wall -= timedelta(hours=7)  # the right time again, 13:05: the evening comes
    fired = time.run(ticks, minutes=6 * 60, step_s=5)
    assert [round(minute) for minute, _ in fired] == [295]


def test_a_wall_clock_that_was_slowed_down_does_not_fire_a_time_twice(time):
    ticks = time.ticks(evening="cron(0 18 * * ? *)")
    time.run(ticks, minutes=359.5)
    time.wall -= timedelta(seconds=0.5)
    assert len(time.run(ticks, minutes=5)) == 1


def test_a_schedule_that_cannot_be_read_stops_the_start(time):
    with pytest.raises(OperatorError):
        time.ticks(often="hourly")


def test_a_schedule_whose_last_year_is_over_stops_no_other(time):
    ticks = time.ticks(once="cron(1 12 22 11 ? 2026)", minute="rate(1 minute)")
    fired = time.run(ticks, minutes=120, step_s=5)
    assert [minute for minute, name in fired if name == "once"][1:] == [1]
    assert len([name for _, name in fired if name == "minute"]) >= 119
