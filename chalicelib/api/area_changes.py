"""What is said of an area that is to be another from now on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Self, cast

from pydantic import Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from chalicelib.api.area_bodies import (
    DayText,
    KindNames,
    SensitivityName,
    Tags,
    ToleranceShare,
    alert_kinds_said,
    day_said,
)
from chalicelib.api.land_bodies import BESIDE, EXTENT, LAND, LandBody
from chalicelib.api.schedules import ScheduleBody, schedule_said
from chalicelib.composition import Ports
from chalicelib.domain.area_changes import Changes
from chalicelib.domain.areas import MAX_NAME, checked_name, checked_tags
from chalicelib.domain.cadences import Cadence
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.shapes import Shape
from chalicelib.domain.thresholds import checked_sensitivity

# null says something of these: none, or as it is where nothing is said; of BESIDE, of land that is said too. Of any
# other member it says nothing, and is refused: whoever sends it means something that is not done.
SAYS_NULL = {"alert_kinds", "cadence_hours", "compare_since", "min_changed_area_m2", "schedule", "tags"}
NEVER_NULL = ("is_paused", "looks_on_arrival", "sensitivity", "unseen_tolerance", "confirm_by_second_image")
LAND_ITSELF = ("geometry", "layer_id", *EXTENT)


def _as_it_is(value: object) -> object:
    return value


AS_SAID: dict[str, tuple[str, Callable[[Any], object]]] = {  # a member: what of an area it is, and how it is checked
    "name": ("name", checked_name),
    "is_paused": ("is_paused", _as_it_is),
    "looks_on_arrival": ("looks_on_arrival", _as_it_is),
    "min_changed_area_m2": ("min_changed_area_m2", _as_it_is),
    "sensitivity": ("sensitivity", checked_sensitivity),
    "unseen_tolerance": ("unseen_tolerance", _as_it_is),
    "confirm_by_second_image": ("is_confirmed_twice", _as_it_is),
}


class AreaChange(LandBody):
    """What of an area is to be another; what is not said stays as it is. Land is said whole: none of it stays then."""

    name: Annotated[str | None, Field(max_length=MAX_NAME)] = None
    tags: Tags = None
    is_paused: Annotated[
        bool | None, Field(description="true: from now on it is looked at only when somebody asks for it")
    ] = None
    cadence_hours: Annotated[int | None, Field(description="null: as often as its imagery has news")] = None
    schedule: Annotated[ScheduleBody | None, Field(description="null: by cadenceHours")] = None
    looks_on_arrival: Annotated[bool | None, Field(description="as well, when a scene comes over it")] = None
    min_changed_area_m2: Annotated[float | None, Field(description="null: by the detail of its imagery")] = None
    sensitivity: SensitivityName | None = None
    alert_kinds: KindNames = None
    unseen_tolerance: ToleranceShare | None = None
    compare_since: DayText = None
    confirm_by_second_image: Annotated[
        bool | None, Field(description="what one image shows is told when a later one shows it still")
    ] = None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is None:  # it is asked to have none, and that is not done
            raise ValueError("an area has a name: leave this out if it is to stay as it is")
        return name

    @field_validator(*NEVER_NULL, *LAND_ITSELF)
    @classmethod
    def _is_said(cls, value: object) -> object:
        if value is None:
            raise ValueError("null says nothing of this: leave it out if it is to stay as it is")
        return value

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        said = self.model_fields_set - {"is_place_confirmed"}
        if not any(name in SAYS_NULL or getattr(self, name) is not None for name in said):
            raise ValueError('say what is to change, as in {"sensitivity": "high"}')
        return self

    def changes(self, ports: Ports) -> Changes:
        """Return what it changes, as far as that does not depend on the area. Raises Invalid."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        alone = next((name for name in BESIDE if self._is_null(name) and not self.says_land), None)
        if alone is not None:
            raise _without_land(alone)
        found: dict[str, Any] = {
            change: check(said[name]) for name, (change, check) in AS_SAID.items() if said.get(name) is not None
        }
        if "tags" in said:
            found["tags"] = checked_tags(self.tags or ())
        if "alert_kinds" in said:
            found["alert_kinds"] = alert_kinds_said(self.alert_kinds)
        if "compare_since" in said:
            found["compare_since"] = day_said(self.compare_since, ports)
        if self.cadence_hours is not None or "schedule" in said:
            schedule = schedule_said(self.schedule, self.cadence_hours)
            hours = self.cadence_hours if schedule is None else Cadence.of_schedule(schedule).hours
            found |= {"schedule": schedule} | ({} if hours is None else {"cadence_hours": hours})
        return cast(Changes, found)

    @property
    def says_land(self) -> bool:
        """Is its land to be another?"""
        return any(getattr(self, name) is not None for name in LAND)

    def land(self, ports: Ports, user_id: int) -> tuple[Extent, Shape | None]:
        """Return the land itself, as it is said of a new area. Raises Invalid, NotFound."""
        beside = next((name for name in BESIDE if getattr(self, name) is not None), None)
        if beside is not None and all(getattr(self, name) is None for name in LAND_ITSELF):
            raise _without_land(beside)
        return super().land(ports, user_id)

    @property
    def is_cadence_left(self) -> bool:
        """Is it left to its imagery how often it is looked at?"""
        return self._is_null("cadence_hours") and self.schedule is None

    @property
    def is_smallest_left(self) -> bool:
        """Is it left to its imagery how small a change is worth an alert?"""
        return self._is_null("min_changed_area_m2")

    def _is_null(self, name: str) -> bool:
        return name in self.model_fields_set and getattr(self, name) is None


def _without_land(name: str) -> Invalid:
    said = to_camel(name)
    return Invalid(f"{said} is said with its land: say that as well", pointer=f"/{said}")
