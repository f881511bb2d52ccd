"""Rows to values, of pushes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.rows import AnyRow, two_dates_of
from chalicelib.domain.kinds import read_as
from chalicelib.domain.pushes import Delivery, DeliveryStatus, Notice, PushMade, Target, TargetKind
from chalicelib.domain.severity import highest
from chalicelib.domain.tile_runs import Verdict

# Of an ended session. Taken out by the database: a summary of an earlier release has a hundred failures to decode.
OF_SUMMARY = (
    t.alert_sessions.c.summary["severity"].as_string().label("severity"),
    t.alert_sessions.c.summary["kinds"].label("kinds"),
    t.alert_sessions.c.summary["authorised"].as_integer().label("authorised"),
    t.alert_sessions.c.summary["untold"].as_integer().label("untold"),
    t.alert_sessions.c.summary["parcels"].as_integer().label("parcels"),
    t.alert_sessions.c.summary[("counts", Verdict.CHANGED.value)].as_integer().label("changed"),
)


def notice_of(row: AnyRow, *, changes: int) -> Notice:
    """Return what people are told of a session: a row with area_id, area_name, session_id, two_dates, OF_SUMMARY.

    Of so many changed tiles those are told that no permit allows, and that nobody was told of before.
    """
    return Notice(
        area_id=row.area_id,
        area_name=row.area_name,
        session_id=row.session_id,
        changes=changes - untold_of(row),
        parcels=row.parcels or 0,
        severity=highest([row.severity]),
        kinds=read_as(row.kinds or ()),
        dates=two_dates_of(row.two_dates),
    )


def untold_of(row: AnyRow) -> int:
    """Return of how many changed tiles nobody is told, of a row with OF_SUMMARY."""
    untold = row.authorised if row.untold is None else row.untold  # None: a session of before that was counted
    return untold or 0


def delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery of a row of `deliveries` that is being claimed: its next attempt."""
    target = Target(kind=TargetKind(row.kind), address=row.address)
    return Delivery(delivery_id=row.id, target=target, attempts=row.attempts + 1)


def push_of(row: Row[Any], notice: Notice) -> PushMade:
    """Return the push of a row of `deliveries`, with what it tells."""
    return PushMade(
        delivery_id=row.id,
        notice=notice,
        kind=TargetKind(row.kind),
        status=DeliveryStatus(row.status),
        detail=row.detail,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
