"""Changes of areas, in the database: all of one, of the version that it was made of, or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_land import change_land, is_land_of
from chalicelib.adapters.database.holds import standing_on
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.rows import alert_kinds_kept, area_of
from chalicelib.domain.area_changes import Changes, begun, check_version, due_after
from chalicelib.domain.area_states import SEEN
from chalicelib.domain.areas import Area
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import NotFound
from chalicelib.domain.holds import check_free

AREA, STATE = t.area_configs, t.area_states


def change_area(
    connection: Connection, area_id: int, changes: Changes, *, user_id: int, version: int | None, now: datetime
) -> Area:
    """Change an area under its row's lock. Raises NotFound, ChangedMeanwhile, and Conflict for held land.

    Other land takes the place of the one before, of which nothing is kept; a hold is placed under the same lock.
    """
    row = connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"there is no area {area_id}")
    area = area_of(row)
    check_version(area, version)
    changes = begun(area, changes, now=now)
    values = _kept(changes) | {"version": area.version + 1, "next_due_at": due_after(area, changes, now=now)}
    land = values.pop("land", None)
    if land is not None and not is_land_of(connection, area, land):
        check_free(f"the land of area {area_id}", standing_on(connection, area_id))
        values |= change_land(connection, area, land, now=now)
    connection.execute(update(AREA).where(AREA.c.id == area_id).values(**values))
    about = f"area {area_id}, version {area.version + 1}: {', '.join(changes)}"
    changed = area_of(connection.execute(owned_area(area_id, user_id)).one())
    if area.is_paused and not changed.is_paused:
        _begin_anew(connection, changed, now)
    audit.append(connection, Deed.AREA_CHANGED, now=now, user_id=user_id, about=about)
    return changed


def _kept(changes: Changes) -> dict[str, Any]:
    values: dict[str, Any] = {**changes}
    if "alert_kinds" in changes:
        values["alert_kinds"] = alert_kinds_kept(changes["alert_kinds"])
    if "tags" in changes:
        values["tags"] = list(changes["tags"]) or None
    if "schedule" in changes:
        values["schedule"] = changes["schedule"] and changes["schedule"].to_json()
    return values


def _begin_anew(connection: Connection, area: Area, now: datetime) -> None:
    """Count from now how long an area is not seen that was resumed: nobody looked at it while it was paused."""
    # As `as_it_is_told`: a change beside too much unseen ground leaves it partly blind.
    is_unseen = STATE.c.state.not_in(SEEN) | (STATE.c.unseen_m2 > area.plan.unseen_tolerance * STATE.c.watched_m2)
    it = (STATE.c.area_id == area.area_id) & is_unseen
    connection.execute(update(STATE).where(it).values(since=now, side_since=now, tell_at=now))
