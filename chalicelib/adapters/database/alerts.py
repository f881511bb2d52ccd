"""What people are shown: alerts, images and pushes, each only to the owner of the area."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Text, func, select, type_coerce

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.areas import of_owner
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.pairs import image_of
from chalicelib.adapters.database.sessions import sessions_of
from chalicelib.domain.alerts import Alert, DeliveryStatus, Ignored, Notice, PushMade, TargetKind
from chalicelib.domain.errors import NotFound
from chalicelib.domain.imagery import ImageStatus, TileImage
from chalicelib.domain.paging import Page, Slice
from chalicelib.domain.sessions import Verdict
from chalicelib.domain.severity import highest

IMAGE, ALERT, SESSION, AREA, PUSH = t.image_tiles, t.alert_details, t.alert_sessions, t.area_configs, t.deliveries
RUN, DONE = t.session_tiles, t.comparisons
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class SqlAlerts:
    """The port `Alerts`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def of_session(self, connection: Connection, session_id: int, *, user_id: int) -> list[tuple[Alert, TileImage]]:
        """Give a session's alerts, each with its newer image. Raises NotFound."""
        if connection.execute(sessions_of(user_id).where(SESSION.c.id == session_id)).first() is None:
            raise NotFound(f"there is no session {session_id}")
        query = select(ALERT).where(ALERT.c.session_id == session_id).order_by(ALERT.c.id)
        rows = connection.execute(query).all()
        ids = {row.image_id for row in rows} | {row.reference_id for row in rows}
        images = {row.id: row for row in connection.execute(select(IMAGE).where(IMAGE.c.id.in_(ids)))}
        return [
            (_alert_of(row, images[row.image_id], images[row.reference_id]), _tile_image(images[row.image_id]))
            for row in rows
        ]

    @reads
    def ignored(self, connection: Connection, session_id: int, *, user_id: int, page: Page) -> Slice[Ignored]:
        """Give what a session's comparisons saw and did not alert on, tile by tile. Raises NotFound."""
        if connection.execute(sessions_of(user_id).where(SESSION.c.id == session_id)).first() is None:
            raise NotFound(f"there is no session {session_id}")
        is_made_here = (
            (DONE.c.image_id == RUN.c.image_id)
            & (DONE.c.reference_id == RUN.c.reference_id)
            & (DONE.c.created_at == RUN.c.ended_at)  # written with it; another one of this pair was another time
            & (func.length(type_coerce(DONE.c.ignored, Text)) > len("null"))  # neither that nor an empty list
        )
        reference = IMAGE.alias("reference")
        query = (
            select(
                IMAGE,
                reference.c.object_key.label("reference_key"),
                DONE.c.verdict,
                DONE.c.ignored,
                RUN.c.id.label("run_id"),
            )
            .select_from(RUN)
            .join(DONE, is_made_here)
            .join(IMAGE, IMAGE.c.id == RUN.c.image_id)
            .join(reference, reference.c.id == RUN.c.reference_id)
            .where(RUN.c.session_id == session_id)
        )
        total = connection.execute(query.with_only_columns(func.count())).scalar_one()
        rows = connection.execute(
            query.where(RUN.c.id > (page.beyond or 0)).order_by(RUN.c.id).limit(page.limit + 1)
        ).all()
        items = [
            Ignored(
                image=_tile_image(row),
                reference_key=row.reference_key,
                verdict=Verdict(row.verdict),
                regions=row.ignored,
            )
            for row in rows[: page.limit]
        ]
        return Slice(items, total, rows[page.limit - 1].run_id if len(rows) > page.limit else None)

    @reads
    def images(self, connection: Connection, area_id: int, *, user_id: int, page: Page) -> Slice[TileImage]:
        """Give an area's images, newest capture first. Raises NotFound."""
        if connection.execute(of_owner(area_id, user_id)).first() is None:
            raise NotFound(f"there is no area {area_id}")
        here = IMAGE.c.area_id == area_id
        total = connection.execute(select(func.count()).select_from(IMAGE).where(here)).scalar_one()
        query = select(IMAGE).where(here)
        if page.beyond is not None:
            last = connection.execute(select(IMAGE.c.taken_at).where(here, IMAGE.c.id == page.beyond)).scalar()
            last = last or _END_OF_TIME
            query = query.where((IMAGE.c.taken_at < last) | ((IMAGE.c.taken_at == last) & (IMAGE.c.id < page.beyond)))
        rows = connection.execute(
            query.order_by(IMAGE.c.taken_at.desc(), IMAGE.c.id.desc()).limit(page.limit + 1)
        ).all()
        items = [_tile_image(row) for row in rows[: page.limit]]
        return Slice(items, total, items[-1].image.image_id if len(rows) > page.limit else None)

    @reads
    def pushes(self, connection: Connection, *, user_id: int, page: Page) -> Slice[PushMade]:
        """Give the pushes about a user's areas, newest first."""
        changes = (
            select(func.count()).select_from(ALERT).where(ALERT.c.session_id == PUSH.c.session_id).scalar_subquery()
        )
        mine = (
            select(
                PUSH,
                AREA.c.id.label("area_id"),
                AREA.c.name.label("area_name"),
                SESSION.c.summary,
                changes.label("changes"),
            )
            .join(SESSION, SESSION.c.id == PUSH.c.session_id)
            .join(AREA, AREA.c.id == SESSION.c.area_id)
            .where(AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))
        )
        total = connection.execute(select(func.count()).select_from(mine.subquery())).scalar_one()
        if page.beyond is not None:
            mine = mine.where(PUSH.c.id < page.beyond)
        rows = connection.execute(mine.order_by(PUSH.c.id.desc()).limit(page.limit + 1)).all()
        items = [_push_of(row) for row in rows[: page.limit]]
        return Slice(items, total, items[-1].delivery_id if len(rows) > page.limit else None)


def notice_of(connection: Connection, session_id: int) -> Notice | None:
    """Give what a push says about an ended session; None if nothing changed, or its area is gone."""
    row = connection.execute(
        select(AREA.c.id, AREA.c.name, SESSION.c.summary)
        .join(SESSION, SESSION.c.area_id == AREA.c.id)
        .where(SESSION.c.id == session_id, SESSION.c.ended_at.is_not(None), AREA.c.deleted_at.is_(None))
    ).one_or_none()
    changed = (
        select(func.count()).select_from(RUN).where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.CHANGED)
    )
    changes = connection.execute(changed).scalar_one()
    if row is None or not changes:
        return None
    severity = highest([row.summary.get("severity")])
    return Notice(area_id=row.id, area_name=row.name, session_id=session_id, changes=changes, severity=severity)


def _tile_image(row: Row[Any]) -> TileImage:
    return TileImage(image=image_of(row), status=ImageStatus(row.status), compared_at=row.compared_at)


def _alert_of(row: Row[Any], image: Row[Any], reference: Row[Any]) -> Alert:
    return Alert(
        alert_id=row.id,
        session_id=row.session_id,
        image_id=row.image_id,
        reference_key=reference.object_key,
        image_key=image.object_key,
        mask_key=row.mask_key,
        overlay_key=row.overlay_key,
        change_log=row.change_log,
        created_at=row.created_at,
    )


def _push_of(row: Row[Any]) -> PushMade:
    return PushMade(
        delivery_id=row.id,
        notice=Notice(
            area_id=row.area_id,
            area_name=row.area_name,
            session_id=row.session_id,
            changes=row.changes,
            severity=highest([row.summary.get("severity")]),
        ),
        kind=TargetKind(row.kind),
        status=DeliveryStatus(row.status),
        detail=row.detail,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
