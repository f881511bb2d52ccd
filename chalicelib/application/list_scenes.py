"""List the days of which there are pictures of an area, and which of them were looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.application.compare_now import dated_history
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.image_rows import ImageRows
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.two_dates import Day, days_of, spans_of


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
    page: PageRequest,
) -> Page[Listed]:
    """Return a page of the days, the latest first. No picture is read: what a provider has is in its index.

    Raises NotFound; Conflict for a provider that does not say when its pictures were taken; ImageryFailed.
    """
    area = areas.get(area_id, user_id=user_id)
    found = dated_history(area, imagery(area.plan.provider), now=clock())
    lon = area.extent.center_lon
    days = days_of(found, area.extent.bounds)
    following = [each for each in days if page.after is None or each.day.toordinal() < page.after]
    shown = following[: page.limit]
    are_used = image_rows.are_taken(area_id, [spans_of(each.day, lon) for each in shown])
    keys = [each.day.toordinal() for each in shown]
    is_counted = page.count_to is None or len(days) <= page.count_to
    total = len(days) if is_counted and page.count_to != 0 else None
    listed = [Listed(day, is_used) for day, is_used in zip(shown, are_used, strict=True)]
    return Page(listed, total, keys[-1] if len(following) > len(shown) else None, keys)
