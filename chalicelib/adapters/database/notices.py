"""The rows of notices: read for their pushes, taken back where no push got through, without areas that are gone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_state_table import area_states as STATE  # noqa: N812 (as everywhere)
from chalicelib.adapters.database.area_state_table import state_notices as NOTICE  # noqa: N812
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.pushes import DeliveryStatus
from chalicelib.domain.state_messages import AreaNews, StateNotice, Why, state_notice
from chalicelib.domain.state_notices import Told

AREA, PUSH = t.area_configs, t.deliveries


def entry_of(news: AreaNews, before: Told) -> dict[str, Any]:
    """Return what a notice keeps of one area: what is told, and what people knew before."""
    return {
        "area_id": news.area_id,
        "session_id": news.session_id,
        "state": news.state,
        "since": news.since.isoformat(),
        "share": news.share,
        "m2": news.m2,
        "why": news.why,
        "clearly_seen_at": _text(news.clearly_seen_at),
        "is_dated": news.is_dated,
        "before": {"state": before.state, "worse_at": _text(before.worse_at), "is_again": before.is_again},
    }


def notices_by_id(connection: Connection, notice_ids: Collection[int]) -> dict[int, StateNotice]:
    """Return notices without the areas that are gone; one of which nothing is left is not among them."""
    if not notice_ids:
        return {}
    rows = connection.execute(select(NOTICE).where(NOTICE.c.id.in_(sorted(notice_ids)))).all()
    named = {entry["area_id"] for row in rows for entry in row.areas}
    living = select(AREA.c.id, AREA.c.name).where(AREA.c.id.in_(sorted(named)), AREA.c.deleted_at.is_(None))
    names: dict[int, str] = {row.id: row.name for row in connection.execute(living)}
    news = {row.id: [_news_of(entry, names) for entry in row.areas if entry["area_id"] in names] for row in rows}
    return {notice_id: state_notice(notice_id, areas) for notice_id, areas in news.items() if areas}


def lock_notice(connection: Connection, notice_id: int) -> Row[Any] | None:
    """Lock a notice's row: the first statement of a transaction that records its pushes."""
    return connection.execute(select(NOTICE).where(NOTICE.c.id == notice_id).with_for_update()).one_or_none()


def arrived(connection: Connection, notice_id: int, *, now: datetime) -> None:
    """Say when a notice arrived last: its reader's day begins then."""
    connection.execute(update(NOTICE).where(NOTICE.c.id == notice_id).values(sent_at=now))


def take_back_unsent(connection: Connection, notice: Row[Any], *, now: datetime) -> None:
    """Take back what people would know by a notice, if it reached nobody and nobody can get it any more.

    The caller holds the notice's lock. What was taken back is told anew, the next day, if it is still so.
    """
    those = select(PUSH.c.status).where(PUSH.c.notice_id == notice.id).distinct()
    statuses = set(connection.execute(those).scalars())
    if statuses & {DeliveryStatus.SENT, DeliveryStatus.PENDING}:
        return
    for entry in notice.areas:
        before = entry["before"]
        values = {"told_state": before["state"], "told_worse_at": _time(before["worse_at"])}
        is_it = (STATE.c.area_id == entry["area_id"]) & (STATE.c.notice_id == notice.id)
        again = values | {"told_again": before["is_again"], "tell_at": now, "notice_id": None}
        connection.execute(update(STATE).where(is_it).values(**again))


def forget_area(connection: Connection, area_id: int, *, user_id: int) -> None:
    """Take an area that is deleted out of the notices that named it. Of one that named no other its time is left.

    By that its reader has no second message on one day.
    """
    those = select(NOTICE).where(NOTICE.c.user_id == user_id).with_for_update()
    for row in connection.execute(those).all():
        rest = [entry for entry in row.areas if entry["area_id"] != area_id]
        if len(rest) == len(row.areas):
            continue
        connection.execute(update(NOTICE).where(NOTICE.c.id == row.id).values(areas=rest))
        left = notices_by_id(connection, [row.id]).get(row.id)
        if left is None:
            connection.execute(delete(PUSH).where(PUSH.c.notice_id == row.id))
        else:  # its pushes went with the sessions of the area otherwise
            connection.execute(update(PUSH).where(PUSH.c.notice_id == row.id).values(session_id=left.session_id))


def _news_of(entry: dict[str, Any], names: dict[int, str]) -> AreaNews:
    return AreaNews(
        area_id=entry["area_id"],
        name=names[entry["area_id"]],
        session_id=entry["session_id"],
        state=AreaState(entry["state"]),
        since=datetime.fromisoformat(entry["since"]),
        share=entry["share"],
        m2=entry["m2"],
        why=Why(entry["why"]),
        clearly_seen_at=_time(entry.get("clearly_seen_at")),  # a release before did not write these two
        is_dated=entry.get("is_dated", True),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
