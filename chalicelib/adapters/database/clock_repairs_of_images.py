"""What a clock that ran ahead wrote of images, in the database: brought back, in the order in which it was written.

Else each of them counts as just fetched until the clock has caught up: nothing is fetched of an undated provider, and a
session says that nothing has changed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.domain.sessions import SessionStatus

IMAGE, AREA, SESSION, CAPTURE = t.image_tiles, t.area_configs, t.alert_sessions, t.captures
SQUEEZED = 1_000_000  # of a second a microsecond is left: what was written hours apart keeps its order
_STEP = timedelta(microseconds=1)
_BROUGHT_BACK = (
    update(IMAGE)
    .where(IMAGE.c.id == bindparam("image_id"))
    .values(fetched_at=bindparam("fetched"), taken_at=bindparam("taken"))
)


def bring_images_back(connection: Connection, *, now: datetime, latest: datetime) -> None:
    """Bring back what lies after `latest`: when images were fetched and taken, and when baselines were accepted."""
    is_looking = (SESSION.c.status == SessionStatus.IN_PROGRESS) & (SESSION.c.started_at <= now)
    opened = connection.execute(select(SESSION.c.area_id, SESSION.c.id, SESSION.c.started_at).where(is_looking)).all()
    # Before every session that looks now: none of them may take an image of before for what it looks for.
    before_all = min((row.started_at for row in opened), default=now)
    connection.execute(update(CAPTURE).where(CAPTURE.c.fetched_at > latest).values(fetched_at=before_all))
    looking = {row.area_id: row for row in opened}
    images, accepted = _images_after(connection, latest), _baselines_after(connection, latest)
    for area_id in images.keys() | accepted.keys():
        rows, accepted_at = images.get(area_id, []), accepted.get(area_id)
        times = [at for row in rows for at in (row.fetched_at, row.taken_at)]
        newest = max(times if accepted_at is None else [*times, accepted_at])
        session = looking.get(area_id)
        before = now if session is None else session.started_at
        if accepted_at is not None:
            is_it, at = AREA.c.id == area_id, _squeezed(accepted_at, newest, before)
            connection.execute(update(AREA).where(is_it).values(baseline_at=at))
        moved: list[dict[str, Any]] = []
        last: dict[int, datetime] = {}  # by tile run: no two images of one were taken at the same time
        for row in rows:
            reach = now if session is not None and row.session_id == session.id else before
            fetched = _squeezed(row.fetched_at, newest, reach) if row.fetched_at > latest else row.fetched_at
            taken = _squeezed(row.taken_at, newest, reach) if row.taken_at > latest else row.taken_at
            if row.tile_run_id in last:
                taken = max(taken, last[row.tile_run_id] + _STEP)
            last[row.tile_run_id] = taken
            moved.append({"image_id": row.id, "fetched": fetched, "taken": taken})
        if moved:
            connection.execute(_BROUGHT_BACK, moved)


def _images_after(connection: Connection, latest: datetime) -> dict[int, list[Row[Any]]]:
    names = ("id", "area_id", "session_id", "tile_run_id", "fetched_at", "taken_at")
    is_ahead = (IMAGE.c.fetched_at > latest) | (IMAGE.c.taken_at > latest)
    rows = select(*(IMAGE.c[name] for name in names)).where(is_ahead).order_by(IMAGE.c.taken_at, IMAGE.c.id)
    of_area: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(rows):
        of_area[row.area_id].append(row)
    return of_area


def _baselines_after(connection: Connection, latest: datetime) -> dict[int, datetime]:
    rows = connection.execute(select(AREA.c.id, AREA.c.baseline_at).where(AREA.c.baseline_at > latest))
    return {row.id: row.baseline_at for row in rows}


def _squeezed(at: datetime, newest: datetime, reach: datetime) -> datetime:
    return reach - (newest - at) / SQUEEZED
