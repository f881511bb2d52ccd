"""The rows of pushes: one for each target and session, or notice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.account_rows import address_hash
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind

PUSH, DEVICE = t.deliveries, t.devices


def pushes_about(session_id: int, notice_id: int | None) -> ColumnElement[bool]:
    """Whether a push is about a session, or about a notice if one is given."""
    if notice_id is not None:
        return PUSH.c.notice_id == notice_id
    return (PUSH.c.session_id == session_id) & PUSH.c.notice_id.is_(None)


def devices_of(connection: Connection, user_id: int) -> list[Target]:
    """Return the devices of a user."""
    tokens = connection.execute(select(DEVICE.c.token).where(DEVICE.c.user_id == user_id)).scalars()
    return [Target(kind=TargetKind.TOKEN, address=token) for token in tokens]


def add_pushes(
    connection: Connection, targets: Iterable[Target], *, session_id: int, notice_id: int | None = None, now: datetime
) -> None:
    """Make a push to each target, where it has none about this session, or about this notice."""
    about = "" if notice_id is None else f"notice-{notice_id}:"  # a session has pushes of both kinds
    for target in targets:
        row = {
            "session_id": session_id,
            "notice_id": notice_id,
            "kind": target.kind,
            "address": target.address,
            "address_hash": address_hash(f"{about}{target.kind}:{target.address}"),
            "status": DeliveryStatus.PENDING,
            "created_at": now,
        }
        try:
            with connection.begin_nested():
                connection.execute(insert(PUSH).values(**row))
        except IntegrityError:
            continue
