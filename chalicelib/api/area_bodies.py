"""What is said of an area: when it is drafted, added and changed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from chalicelib.api.land_bodies import EXTENT, LandBody
from chalicelib.api.schedules import ScheduleBody
from chalicelib.composition import Ports
from chalicelib.domain.areas import MAX_NAME
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind, checked_alert_kinds
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.two_dates import checked_day
from chalicelib.domain.unseen import DEFAULT_TOLERANCE

SensitivityName = Annotated[str, Field(max_length=50, examples=[*Sensitivity])]
KindNames = Annotated[
    list[Annotated[str, Field(max_length=50)]] | None,
    Field(
        max_length=50,
        examples=[[kind for kind in Kind if kind in DEFAULT_ALERT_KINDS]],
        description="the kinds that alert, and what is not sure to be another; null: works, plants lost and water lost",
    ),
]
DayText = Annotated[
    str | None, Field(max_length=50, examples=["2024-01-15"], description="changes since this day are told")
]
ToleranceShare = Annotated[float, Field(ge=0, le=1, examples=[DEFAULT_TOLERANCE])]


Tags = Annotated[
    list[Annotated[str, Field(max_length=200)]] | None, Field(max_length=100, examples=[["north", "encroachment"]])
]


class AreaDraft(LandBody):
    """Where land lies, how far it reaches, and how it is to be watched."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [to_camel(name) for name in EXTENT]},
                {"required": ["geometry"]},
                {"required": ["layerId"]},
            ]
        }
    )

    name: Annotated[str | None, Field(max_length=MAX_NAME)] = None
    provider: Annotated[str | None, Field(max_length=50)] = None
    cadence_hours: int | None = None
    schedule: ScheduleBody | None = None
    min_changed_area_m2: float | None = None
    sensitivity: SensitivityName = Sensitivity.NORMAL.value
    alert_kinds: KindNames = None
    unseen_tolerance: ToleranceShare = DEFAULT_TOLERANCE
    compare_since: DayText = None
    confirm_by_second_image: Annotated[
        bool, Field(description="what one image shows is told when a later one shows it still")
    ] = False
    id: Annotated[object, Field(description="ignored: the existing client sends it")] = None
    created_at: Annotated[object, Field(description="ignored: the existing client sends it")] = None


class NewAreaBody(AreaDraft):
    """An area that somebody asks us to watch."""

    name: Annotated[str, Field(max_length=MAX_NAME, examples=["Lake shore"])]
    tags: Tags = None
    is_told_to_operator: Annotated[
        bool | None, Field(description="whether pushes about it go to the operator's own targets too; else no")
    ] = None

    @property
    def is_told(self) -> bool:
        """Whether the operator hears of it: as was said, else only of the existing client's areas, as ever."""
        return self.created_at is not None if self.is_told_to_operator is None else self.is_told_to_operator


def alert_kinds_said(names: list[str] | None) -> frozenset[Kind]:
    """Return the kinds that alert, as they were said. Raises Invalid."""
    return DEFAULT_ALERT_KINDS if names is None else checked_alert_kinds(names)


def day_said(text: str | None, ports: Ports) -> date | None:
    """Return the day since which changes are told, as it was said. Raises Invalid."""
    return None if text is None else checked_day(text, now=ports.clock(), pointer="/compareSince")
