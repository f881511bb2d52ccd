"""Pushes, in the database: one row for each session and target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, record_after_commit, writes
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.rows import address_hash, delivery_of, notice_of, push_of
from chalicelib.adapters.database.session_closing import lock_session
from chalicelib.application.ports.deliveries import Deliveries
from chalicelib.domain import events
from chalicelib.domain.jobs import Message, Queue, SessionJob
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.pushes import (
    PUSH_TTL_S,
    Delivery,
    DeliveryStatus,
    Notice,
    PushMade,
    Receipt,
    Target,
    TargetKind,
    push_wait_s,
)
from chalicelib.domain.tile_runs import Verdict

PUSH, SESSION, AREA, DEVICE = t.deliveries, t.alert_sessions, t.area_configs, t.devices
RUN, ALERT = t.session_tiles, t.alert_details
MAX_DETAIL = 500


class SqlDeliveries(Deliveries):
    """The port `Deliveries`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def prepare(
        self, connection: Connection, session_id: int, *, extra: Sequence[Target], now: datetime
    ) -> Notice | None:
        if lock_session(connection, session_id) is None:
            return None
        notice = _notice(connection, session_id)
        if notice is None:
            return None
        of_owner = (
            select(DEVICE.c.token)
            .join(AREA, AREA.c.user_id == DEVICE.c.user_id)
            .join(SESSION, SESSION.c.area_id == AREA.c.id)
            .where(SESSION.c.id == session_id)
        )
        tokens = connection.execute(of_owner).scalars()
        for target in (*(Target(kind=TargetKind.TOKEN, address=token) for token in tokens), *extra):
            row = {
                "session_id": session_id,
                "kind": target.kind,
                "address": target.address,
                "address_hash": address_hash(f"{target.kind}:{target.address}"),
                "status": DeliveryStatus.PENDING,
                "created_at": now,
            }
            try:
                with connection.begin_nested():
                    connection.execute(insert(PUSH).values(**row))
            except IntegrityError:
                continue  # this session's push to this target has its row already
        return notice

    @override
    @writes
    def claim(
        self, connection: Connection, session_id: int, *, now: datetime, lease_s: float, limit: int
    ) -> list[Delivery]:
        pending = (PUSH.c.session_id == session_id) & (PUSH.c.status == DeliveryStatus.PENDING)
        is_free = PUSH.c.lease_until.is_(None) | (PUSH.c.lease_until <= now)
        rows = connection.execute(select(PUSH).where(pending, is_free).order_by(PUSH.c.id).limit(limit)).all()
        lease_until = now + timedelta(seconds=lease_s)
        return [
            delivery_of(row)
            for row in rows
            if connection.execute(
                update(PUSH)
                .where(PUSH.c.id == row.id, PUSH.c.attempts == row.attempts, PUSH.c.status == DeliveryStatus.PENDING)
                .values(lease_until=lease_until, attempts=row.attempts + 1)
            ).rowcount
        ]

    @override
    @writes
    def record(
        self,
        connection: Connection,
        session_id: int,
        deliveries: Sequence[Delivery],
        receipts: Sequence[Receipt],
        *,
        now: datetime,
    ) -> None:
        lock_session(connection, session_id)
        outcomes: Counter[str] = Counter()
        for delivery, receipt in zip(deliveries, receipts, strict=True):
            is_refused_for_now = receipt.status is DeliveryStatus.PENDING
            again_at = now + timedelta(seconds=push_wait_s(delivery.attempts)) if is_refused_for_now else None
            recorded = connection.execute(
                update(PUSH)
                .where(
                    PUSH.c.id == delivery.delivery_id,
                    PUSH.c.attempts == delivery.attempts,
                    PUSH.c.status == DeliveryStatus.PENDING,
                )
                .values(
                    status=receipt.status,
                    detail=receipt.detail[:MAX_DETAIL],
                    lease_until=again_at,
                    sent_at=now if receipt.status is DeliveryStatus.SENT else None,
                )
            )
            outcomes[receipt.status.value] += recorded.rowcount
            if receipt.status is DeliveryStatus.DEAD_TARGET and receipt.target.kind is TargetKind.TOKEN:
                is_it = DEVICE.c.token_hash == address_hash(receipt.target.address)
                connection.execute(delete(DEVICE).where(is_it))
        _record_outcomes(connection, outcomes, session_id=session_id)
        if any(receipt.status is DeliveryStatus.SENT for receipt in receipts):
            connection.execute(update(SESSION).where(SESSION.c.id == session_id).values(is_notification_sent=True))

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[PushMade]:
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
        if page.after is not None:
            mine = mine.where(PUSH.c.id < page.after)
        rows = connection.execute(mine.order_by(PUSH.c.id.desc()).limit(page.limit + 1)).all()
        items = [push_of(row) for row in rows[: page.limit]]
        return Page(items, total, items[-1].delivery_id if len(rows) > page.limit else None)

    @override
    @writes
    def retry_due(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        is_free = PUSH.c.lease_until.is_(None) | (PUSH.c.lease_until <= now)
        is_stale = PUSH.c.created_at <= now - timedelta(seconds=PUSH_TTL_S)
        waits = (PUSH.c.status == DeliveryStatus.PENDING) & is_free
        stale = connection.execute(update(PUSH).where(waits, is_stale).values(status=DeliveryStatus.FAILED))
        _record_outcomes(connection, Counter({DeliveryStatus.FAILED.value: stale.rowcount}))
        # One that was never tried has its first message still on the way.
        was_tried = PUSH.c.attempts > 0
        due = select(PUSH.c.session_id).where(waits, was_tried).distinct().order_by(PUSH.c.session_id).limit(limit)
        return [
            message
            for session_id in connection.execute(due).scalars().all()
            for message in _post(connection, session_id, now)
        ]

    @override
    @writes
    def retry_lost(self, connection: Connection, session_id: int, *, now: datetime) -> list[Message]:
        session = lock_session(connection, session_id)
        if session is None or session.ended_at is None or session.ended_at <= now - timedelta(seconds=PUSH_TTL_S):
            return []
        return _post(connection, session_id, now)


def _notice(connection: Connection, session_id: int) -> Notice | None:
    """Return what people are told about an ended session; None if nothing changed, or its area is gone."""
    row = connection.execute(
        select(
            AREA.c.id.label("area_id"),
            AREA.c.name.label("area_name"),
            SESSION.c.id.label("session_id"),
            SESSION.c.summary,
        )
        .join(SESSION, SESSION.c.area_id == AREA.c.id)
        .where(SESSION.c.id == session_id, SESSION.c.ended_at.is_not(None), AREA.c.deleted_at.is_(None))
    ).one_or_none()
    changed = (
        select(func.count()).select_from(RUN).where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.CHANGED)
    )
    changes = connection.execute(changed).scalar_one()
    return notice_of(row, changes=changes) if row is not None and changes else None


def _record_outcomes(connection: Connection, outcomes: Counter[str], **ids: int) -> None:
    for outcome, pushes in outcomes.items():
        if pushes:
            record_after_commit(connection, events.PUSHES_RECORDED, outcome=outcome, pushes=pushes, **ids)


def _post(connection: Connection, session_id: int, now: datetime) -> list[Message]:
    job = SessionJob(session_id=session_id)
    return post(connection, Queue.NOTIFICATIONS, job, now=now)
