"""What is said of when an area is looked at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.http import ApiModel, Body
from chalicelib.domain.errors import Invalid
from chalicelib.domain.schedules import WEEKDAYS, Schedule, checked_schedule

Word = Annotated[str, Field(max_length=64)]


class ScheduleBody(Body):
    """On which days, and when there: `weekdays`, or `everyDays`."""

    weekdays: Annotated[list[Word] | None, Field(max_length=7, examples=[list(WEEKDAYS[:5])])] = None
    every_days: Annotated[int | None, Field(examples=[None])] = None
    at: Annotated[Word, Field(examples=["06:30"], description="a day's hour and minute there")]
    time_zone: Annotated[Word, Field(examples=["Asia/Kolkata"], description="a name of the IANA's data base")]

    @property
    def schedule(self) -> Schedule:
        """The schedule that is meant. Raises Invalid."""
        return checked_schedule(weekdays=self.weekdays, every_days=self.every_days, at=self.at, zone=self.time_zone)


class ScheduleOut(ApiModel):
    """On which days, and when there."""

    weekdays: list[str] | None
    every_days: int | None
    at: str
    time_zone: str

    @classmethod
    def of(cls, schedule: Schedule | None) -> ScheduleOut | None:
        """Show a schedule; None where there is none."""
        if schedule is None:
            return None
        weekdays = list(schedule.weekdays) or None
        return cls(
            weekdays=weekdays, every_days=schedule.every_days, at=f"{schedule.at:%H:%M}", time_zone=schedule.zone
        )


def schedule_said(body: ScheduleBody | None, cadence_hours: int | None) -> Schedule | None:
    """Return the schedule that was said beside a cadence. Raises Invalid for both."""
    if body is not None and cadence_hours is not None:
        raise Invalid("say cadenceHours, or a schedule: one of the two", pointer="/schedule")
    return None if body is None else body.schedule
