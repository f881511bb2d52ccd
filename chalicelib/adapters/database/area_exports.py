"""Exports of areas, in the database.

One is asked for under its area's lock, and its user's: of several at once one is written of an area, and none passes
the limit. Lock order: area, user, audit log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, delete, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.owned import owned_area
from chalicelib.application.ports.area_exports import AreaExports
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Busy, Conflict, LimitReached, NotFound
from chalicelib.domain.exports import (
    GIVEN_UP,
    MOST_TRIES,
    WRITTEN_WITHIN,
    AreaExport,
    ExportClaim,
    ExportState,
    NewExport,
    WhichImages,
    stem_of,
)
from chalicelib.domain.jobs import ExportJob, Message, Queue

EXPORT, AREA, USER = t.area_exports, t.area_configs, t.users
AT_WORK = (ExportState.WAITING, ExportState.WRITING)
MAX_PROBLEM = 500


class SqlAreaExports(AreaExports):
    """The port `AreaExports`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def add(
        self, connection: Connection, new: NewExport, *, now: datetime, most_kept: int
    ) -> tuple[AreaExport, list[Message]]:
        if connection.execute(owned_area(new.area_id, new.user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {new.area_id}")
        connection.execute(select(USER.c.id).where(USER.c.id == new.user_id).with_for_update())
        is_written = (EXPORT.c.area_id == new.area_id) & EXPORT.c.state.in_(AT_WORK) & (EXPORT.c.expires_at > now)
        if connection.execute(select(EXPORT.c.id).where(is_written)).first() is not None:
            raise Conflict("an archive of this area is being written: wait until it is there")
        his = select(func.count()).select_from(EXPORT.join(AREA, AREA.c.id == EXPORT.c.area_id))
        if connection.execute(his.where(AREA.c.user_id == new.user_id)).scalar_one() >= most_kept:
            raise LimitReached(
                f"{most_kept} archives of your areas are there already: delete one, or wait until one has expired",
                retry_after_s=3600,
            )
        export_id = insert_row(
            connection,
            EXPORT,
            area_id=new.area_id,
            state=ExportState.WAITING,
            images=new.images,
            since=new.since,
            stem=stem_of(new.area_id, new.token),
            created_at=now,
            expires_at=now + WRITTEN_WITHIN,
        )
        messages = post(connection, Queue.IMPORTS, ExportJob(export_id=export_id), now=now)
        made = _one(connection, export_id)
        about = f"area {new.area_id}, export {export_id}"
        audit.append(connection, Deed.AREA_EXPORTED, now=now, user_id=new.user_id, about=about)
        return made, messages

    @override
    @reads
    def get(self, connection: Connection, export_id: int, *, area_id: int, user_id: int) -> AreaExport:
        row = connection.execute(_owned(area_id, user_id).where(EXPORT.c.id == export_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no export {export_id}")
        return _export_of(row)

    @override
    @reads
    def of_area(self, connection: Connection, area_id: int, *, user_id: int) -> list[AreaExport]:
        if connection.execute(owned_area(area_id, user_id)).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        return [_export_of(row) for row in connection.execute(_owned(area_id, user_id).order_by(EXPORT.c.id.desc()))]

    @override
    @writes
    def claim(self, connection: Connection, export_id: int, *, now: datetime, lease_s: float) -> ExportClaim | None:
        is_it = EXPORT.c.id == export_id
        row = connection.execute(select(EXPORT).where(is_it).with_for_update()).one_or_none()
        if row is None or row.state not in AT_WORK:
            return None
        if row.lease_until is not None and row.lease_until > now:
            raise Busy(f"export {export_id} is held until {row.lease_until}")
        if row.tries >= MOST_TRIES:  # whoever held it was heard of no more, twice
            gone = {"state": ExportState.FAILED, "problem": GIVEN_UP, "lease_until": None}
            connection.execute(update(EXPORT).where(is_it).values(**gone))
            return None
        held = {"fence": row.fence + 1, "tries": row.tries + 1, "lease_until": now + timedelta(seconds=lease_s)}
        connection.execute(update(EXPORT).where(is_it).values(state=ExportState.WRITING, **held))
        return ExportClaim(export=_one(connection, export_id))

    @override
    @writes
    def end(
        self,
        connection: Connection,
        claim: ExportClaim,
        *,
        size_bytes: int,
        sha256: str,
        files: int,
        expires_at: datetime,
    ) -> None:
        values = {"size_bytes": size_bytes, "sha256": sha256, "files": files, "expires_at": expires_at}
        _end(connection, claim, state=ExportState.READY, **values)

    @override
    @writes
    def fail(self, connection: Connection, claim: ExportClaim, problem: str) -> None:
        _end(connection, claim, state=ExportState.FAILED, problem=problem[:MAX_PROBLEM])

    @override
    @writes
    def release(self, connection: Connection, claim: ExportClaim) -> None:
        let_go = update(EXPORT).where(_is_mine(claim))
        connection.execute(let_go.values(lease_until=None, tries=EXPORT.c.tries - 1))

    @override
    @writes
    def give_up(self, connection: Connection, export_id: int, problem: str) -> None:
        is_at_work = (EXPORT.c.id == export_id) & EXPORT.c.state.in_(AT_WORK)
        # Another fence: a worker that is at work all the same ends nothing any more.
        values = {"state": ExportState.FAILED, "problem": problem[:MAX_PROBLEM], "fence": EXPORT.c.fence + 1}
        connection.execute(update(EXPORT).where(is_at_work).values(**values, lease_until=None))

    @override
    @reads
    def expired(self, connection: Connection, *, now: datetime, limit: int) -> list[AreaExport]:
        # Its area may be gone: nothing but its keys is asked of it.
        query = select(EXPORT).where(EXPORT.c.expires_at <= now).order_by(EXPORT.c.expires_at, EXPORT.c.id)
        return [_export_of(row) for row in connection.execute(query.limit(limit))]

    @override
    @writes
    def forget(self, connection: Connection, export_ids: Sequence[int]) -> None:
        connection.execute(delete(EXPORT).where(EXPORT.c.id.in_(export_ids)))


def purge_exports(connection: Connection, area_id: int) -> list[str]:
    """Remove a deleted area's exports, and return the keys of their objects: of a user there are a few."""
    of_area = EXPORT.c.area_id == area_id
    keys = [key for row in connection.execute(select(EXPORT).where(of_area)) for key in _export_of(row).keys]
    connection.execute(delete(EXPORT).where(of_area))
    return keys


def _owned(area_id: int, user_id: int) -> Select[Any]:
    query = select(EXPORT, AREA.c.user_id).join(AREA, AREA.c.id == EXPORT.c.area_id)
    return query.where(EXPORT.c.area_id == area_id, AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))


def _one(connection: Connection, export_id: int) -> AreaExport:
    query = select(EXPORT, AREA.c.user_id).outerjoin(AREA, AREA.c.id == EXPORT.c.area_id)
    return _export_of(connection.execute(query.where(EXPORT.c.id == export_id)).one())


def _is_mine(claim: ExportClaim) -> ColumnElement[bool]:
    mine = (EXPORT.c.id == claim.export.export_id) & (EXPORT.c.fence == claim.export.fence)
    return mine & (EXPORT.c.state == ExportState.WRITING)


def _end(connection: Connection, claim: ExportClaim, **values: object) -> None:
    if not connection.execute(update(EXPORT).where(_is_mine(claim)).values(lease_until=None, **values)).rowcount:
        raise Busy(f"export {claim.export.export_id} is another worker's")


def _export_of(row: Row[Any]) -> AreaExport:
    return AreaExport(
        export_id=row.id,
        area_id=row.area_id,
        user_id=getattr(row, "user_id", None) or 0,
        images=WhichImages(row.images),
        since=row.since,
        stem=row.stem,
        state=ExportState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
        fence=row.fence,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        files=row.files,
        problem=row.problem,
    )
