"""Pushes, in the database: one row for each session, or notice, and target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.account_rows import address_hash
from chalicelib.adapters.database.engine import reads, record_after_commit, writes
from chalicelib.adapters.database.notices import arrived, lock_notice, notices_by_id, take_back_unsent
from chalicelib.adapters.database.outbox import is_to_notify, post
from chalicelib.adapters.database.paging import AnyRow, Listing, page_of
from chalicelib.adapters.database.push_rows import add_pushes, devices_of, pushes_about
from chalicelib.adapters.database.rows_of_pushes import OF_SUMMARY, delivery_of, notice_of, push_of, untold_of
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
RUN = t.session_tiles
MAX_DETAIL = 500
UNTRIED = timedelta(minutes=15)
_TOLD = (
    select(
        AREA.c.id.label("area_id"),
        AREA.c.name.label("area_name"),
        SESSION.c.id.label("session_id"),
        *OF_SUMMARY,
        SESSION.c.two_dates,
    )
    .join(SESSION, SESSION.c.area_id == AREA.c.id)
    .where(AREA.c.deleted_at.is_(None))
)
# Each session is read once, however many pushes it has.
_OF_USER = Listing.newest_first(
    select(PUSH.c.id)
    .join(SESSION, SESSION.c.id == PUSH.c.session_id)
    .join(AREA, AREA.c.id == SESSION.c.area_id)
    .where(AREA.c.user_id == bindparam("owner"), AREA.c.deleted_at.is_(None)),
    PUSH.c.id,
    shown=select(PUSH),
)
_SESSIONS = _TOLD.where(AREA.c.user_id == bindparam("owner"), SESSION.c.id.in_(bindparam("sessions", expanding=True)))


class SqlDeliveries(Deliveries):
    """The port `Deliveries`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def prepare(
        self,
        connection: Connection,
        session_id: int,
        *,
        notice_id: int | None = None,
        extra: Sequence[Target],
        now: datetime,
    ) -> Notice | None:
        if notice_id is not None:  # its pushes were made with it
            return notices_by_id(connection, [notice_id]).get(notice_id)
        if lock_session(connection, session_id) is None:
            return None
        notice = _notice(connection, session_id)
        if notice is None:
            return None
        of_area = select(AREA.c.user_id, AREA.c.is_told_to_operator).where(AREA.c.id == notice.area_id)
        owner_id, is_told_to_operator = connection.execute(of_area).one()
        targets = (*devices_of(connection, owner_id), *(extra if is_told_to_operator else ()))
        add_pushes(connection, targets, session_id=session_id, now=now)
        return notice

    @override
    @writes
    def claim(
        self,
        connection: Connection,
        session_id: int,
        *,
        notice_id: int | None = None,
        now: datetime,
        lease_s: float,
        limit: int,
    ) -> list[Delivery]:
        pending = pushes_about(session_id, notice_id) & (PUSH.c.status == DeliveryStatus.PENDING)
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
        notice_id: int | None = None,
        now: datetime,
    ) -> None:
        notice = None if notice_id is None else lock_notice(connection, notice_id)
        if notice_id is None:
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
        is_sent = any(receipt.status is DeliveryStatus.SENT for receipt in receipts)
        if notice is not None and is_sent:
            arrived(connection, notice.id, now=now)
        elif notice is not None:
            take_back_unsent(connection, notice, now=now)
        elif notice_id is None and is_sent:
            connection.execute(update(SESSION).where(SESSION.c.id == session_id).values(is_notification_sent=True))

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[PushMade]:
        rows, total = _OF_USER.read(connection, page, {"owner": user_id})
        of_states = notices_by_id(connection, {row.notice_id for row in rows if row.notice_id is not None})
        of_sessions = _notices_of(connection, {row.session_id for row in rows}, user_id)
        rows = [row for row in rows if row.session_id in of_sessions]  # its area was deleted just now otherwise

        def told(row: AnyRow) -> PushMade:
            return push_of(row, of_states.get(row.notice_id) or of_sessions[row.session_id])

        return page_of(rows, page, total, lambda shown: [told(row) for row in shown])

    @override
    @writes
    def retry_due(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        is_free = PUSH.c.lease_until.is_(None) | (PUSH.c.lease_until <= now)
        is_stale = PUSH.c.created_at <= now - timedelta(seconds=PUSH_TTL_S)
        waits = (PUSH.c.status == DeliveryStatus.PENDING) & is_free
        of_notices = select(PUSH.c.notice_id).where(waits, is_stale, PUSH.c.notice_id.is_not(None)).distinct()
        given_up = sorted(connection.execute(of_notices).scalars())
        notices = [notice for notice_id in given_up if (notice := lock_notice(connection, notice_id)) is not None]
        stale = connection.execute(update(PUSH).where(waits, is_stale).values(status=DeliveryStatus.FAILED))
        _record_outcomes(connection, Counter({DeliveryStatus.FAILED.value: stale.rowcount}))
        for notice in notices:
            take_back_unsent(connection, notice, now=now)
        # One that was never tried has its first message still on the way; a notice's may have gone to a worker of the
        # release before, to which it says nothing.
        is_lost = (
            PUSH.c.notice_id.is_not(None) & (PUSH.c.created_at <= now - UNTRIED) & ~is_to_notify(PUSH.c.session_id)
        )
        of_pushes = select(PUSH.c.session_id, PUSH.c.notice_id).distinct().order_by(PUSH.c.session_id).limit(limit)
        due = of_pushes.where(waits, (PUSH.c.attempts > 0) | is_lost)
        return [
            message
            for session_id, notice_id in connection.execute(due).all()
            for message in _post(connection, session_id, notice_id, now)
        ]

    @override
    @writes
    def retry_lost(
        self, connection: Connection, session_id: int, *, notice_id: int | None = None, now: datetime
    ) -> list[Message]:
        if notice_id is None:
            session = lock_session(connection, session_id)
            began = session and session.ended_at
        else:
            notice = lock_notice(connection, notice_id)
            began = notice and notice.created_at
        if began is None or began <= now - timedelta(seconds=PUSH_TTL_S):
            return []
        return _post(connection, session_id, notice_id, now)


def _notices_of(connection: Connection, session_ids: Collection[int], user_id: int) -> dict[int, Notice]:
    """Return what people are told about sessions that have ended, where their areas are still there."""
    asked = {"owner": user_id, "sessions": list(session_ids)}
    rows = connection.execute(_SESSIONS, asked).all() if session_ids else []
    return {row.session_id: notice_of(row, changes=row.changed or 0) for row in rows}


def _notice(connection: Connection, session_id: int) -> Notice | None:
    """Return what people are told about an ended session; None if they are told of nothing, or its area is gone."""
    row = connection.execute(_TOLD.where(SESSION.c.id == session_id, SESSION.c.ended_at.is_not(None))).one_or_none()
    changed = (
        select(func.count()).select_from(RUN).where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.CHANGED)
    )
    changes = connection.execute(changed).scalar_one()
    return None if row is None or changes <= untold_of(row) else notice_of(row, changes=changes)


def _record_outcomes(connection: Connection, outcomes: Counter[str], **ids: int) -> None:
    for outcome, pushes in outcomes.items():
        if pushes:
            record_after_commit(connection, events.PUSHES_RECORDED, outcome=outcome, pushes=pushes, **ids)


def _post(connection: Connection, session_id: int, notice_id: int | None, now: datetime) -> list[Message]:
    job = SessionJob(session_id=session_id, notice_id=notice_id)
    return post(connection, Queue.NOTIFICATIONS, job, now=now)
