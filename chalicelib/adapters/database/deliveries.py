"""Pushes, in the database: one row for each session and target."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.alerts import notice_of
from chalicelib.adapters.database.endings import lock_session, post
from chalicelib.adapters.database.engine import remember, writes
from chalicelib.domain import facts
from chalicelib.domain.alerts import (
    PUSH_TTL_S,
    Delivery,
    DeliveryStatus,
    Notice,
    Receipt,
    Target,
    TargetKind,
    push_wait_s,
)
from chalicelib.domain.jobs import Message, Queue, SessionJob

PUSH, SESSION, AREA, DEVICE = t.deliveries, t.alert_sessions, t.area_configs, t.devices
MAX_DETAIL = 500


def address_hash(address: str) -> str:
    """Give the form under which a target is unique: tokens are longer than an index may be."""
    return hashlib.sha256(address.encode()).hexdigest()


class SqlDeliveries:
    """The port `Deliveries`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @writes
    def prepare(
        self, connection: Connection, session_id: int, *, extra: Sequence[Target], now: datetime
    ) -> Notice | None:
        """Make the rows of a session's pushes, once; None if there is nothing to tell, or the area is gone."""
        if lock_session(connection, session_id) is None:
            return None
        notice = notice_of(connection, session_id)
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

    @writes
    def claim(
        self, connection: Connection, session_id: int, *, now: datetime, lease_s: float, limit: int
    ) -> list[Delivery]:
        """Take hold of pushes that are to be made and that nobody holds."""
        pending = (PUSH.c.session_id == session_id) & (PUSH.c.status == DeliveryStatus.PENDING)
        is_free = PUSH.c.lease_until.is_(None) | (PUSH.c.lease_until <= now)
        rows = connection.execute(select(PUSH).where(pending, is_free).order_by(PUSH.c.id).limit(limit)).all()
        lease_until = now + timedelta(seconds=lease_s)
        return [
            Delivery(
                delivery_id=row.id,
                target=Target(kind=TargetKind(row.kind), address=row.address),
                attempts=row.attempts + 1,
            )
            for row in rows
            if connection.execute(
                update(PUSH)
                .where(PUSH.c.id == row.id, PUSH.c.attempts == row.attempts, PUSH.c.status == DeliveryStatus.PENDING)
                .values(lease_until=lease_until, attempts=row.attempts + 1)
            ).rowcount
        ]

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
        """Keep the receipts and drop dead devices. A push refused for now waits for its next attempt."""
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
        _remember(connection, outcomes, session_id=session_id)
        if any(receipt.status is DeliveryStatus.SENT for receipt in receipts):
            connection.execute(update(SESSION).where(SESSION.c.id == session_id).values(is_notification_sent=True))

    @writes
    def retry_due(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for sessions with pushes whose next attempt has come; end those that waited too long."""
        is_free = PUSH.c.lease_until.is_(None) | (PUSH.c.lease_until <= now)
        is_stale = PUSH.c.created_at <= now - timedelta(seconds=PUSH_TTL_S)
        waits = (PUSH.c.status == DeliveryStatus.PENDING) & is_free
        stale = connection.execute(update(PUSH).where(waits, is_stale).values(status=DeliveryStatus.FAILED))
        _remember(connection, Counter({DeliveryStatus.FAILED.value: stale.rowcount}))
        # One that nobody has tried yet has its first message still on the way.
        was_tried = PUSH.c.attempts > 0
        due = select(PUSH.c.session_id).where(waits, was_tried).distinct().order_by(PUSH.c.session_id).limit(limit)
        return [_post(connection, session_id, now) for session_id in connection.execute(due).scalars().all()]

    @writes
    def retry_lost(self, connection: Connection, session_id: int, *, now: datetime) -> list[Message]:
        """Write the job anew of a session whose message was given up on, as long as its news is fresh."""
        session = lock_session(connection, session_id)
        if session is None or session.ended_at is None or session.ended_at <= now - timedelta(seconds=PUSH_TTL_S):
            return []
        return [_post(connection, session_id, now)]


def _remember(connection: Connection, outcomes: Counter[str], **ids: int) -> None:
    for outcome, pushes in outcomes.items():
        if pushes:
            remember(connection, facts.PUSHES_RECORDED, outcome=outcome, pushes=pushes, **ids)


def _post(connection: Connection, session_id: int, now: datetime) -> Message:
    job = SessionJob(session_id=session_id)
    return post(connection, Queue.NOTIFICATIONS, session_id, job.to_json(), now)
