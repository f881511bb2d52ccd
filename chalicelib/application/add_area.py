"""Add an area to those that are watched."""

from __future__ import annotations

from chalicelib.application.draft_area import Draft
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.domain.areas import Area, NewArea


def add_area(
    name: str,
    draft: Draft,
    *,
    user_id: int,
    tags: tuple[str, ...] = (),
    is_told_to_operator: bool,
    most_areas: int,
    areas: Areas,
    clock: Clock,
) -> Area:
    """Keep a new area, due at once. Raises Conflict for one area too many."""
    told = {"is_told_to_operator": is_told_to_operator}
    new = NewArea(user_id=user_id, name=name, extent=draft.extent, plan=draft.plan, laid=draft.laid, tags=tags, **told)
    return areas.add(new, now=clock(), most_areas=most_areas)
