"""List the days of which there are pictures of an area, and which of them were looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.application.compare_now import dated_history
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.image_rows import ImageRows
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.scenes import day_of
from chalicelib.domain.two_dates import Day, days_of


class Listed(NamedTuple):
    """A day, and whether a picture of it was captured for the area: by its sessions, or to compare two dates."""

    day: Day
    is_used: bool


def list_scenes(
    area_id: int,
    *,
    user_id: int,
    areas: Areas,
    imagery: Callable[[str], Imagery],
    image_rows: ImageRows,
    clock: Clock,
) -> list[Listed]:
    """Return the days, the latest first. No picture is read: what a provider has is in its index.

    Raises NotFound; Conflict for a provider that does not say when its pictures were taken; ImageryFailed.
    """
    area = areas.get(area_id, user_id=user_id)
    found = dated_history(area, imagery(area.plan.provider), now=clock())
    lon = area.extent.center_lon
    used = {day_of(taken_at, lon) for taken_at in image_rows.times_of(area_id)}
    return [Listed(day, day.day in used) for day in days_of(found, area.extent.bounds)]
