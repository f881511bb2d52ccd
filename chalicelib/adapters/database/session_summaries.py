"""What a session's row keeps of its tile runs, and what is counted of them as long as it is open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.rows import tile_of
from chalicelib.domain.choosing import Unusable, newer_unusable
from chalicelib.domain.severity import highest
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import LOOKED, Unseen

RUN, IMAGE, ALERT, SEARCH = t.session_tiles, t.image_tiles, t.alert_details, t.scene_searches
FAILURES_KEPT = 100


def unusable_in(connection: Connection, session_id: int) -> int:
    """Count the tile runs of a session that answered, but could not use a newer scene. Those that FAILED say so."""
    is_it = (RUN.c.session_id == session_id) & (RUN.c.verdict != Verdict.FAILED) & RUN.c.unusable.is_not(None)
    return int(connection.execute(select(func.count()).select_from(RUN).where(is_it)).scalar_one())


def untold_in(connection: Connection, session_id: int) -> str | None:
    """Say what its provider could not use, of ground that is not known, and may be newer than what a tile rests on."""
    refused = connection.execute(select(SEARCH.c.found["refused"]).where(SEARCH.c.session_id == session_id)).scalar()
    answered = (RUN.c.session_id == session_id) & RUN.c.verdict.in_(LOOKED)
    oldest = select(func.min(IMAGE.c.captured_at)).join(RUN, RUN.c.image_id == IMAGE.c.id).where(answered)
    unplaced = [Unusable(datetime.fromisoformat(at), reason) for at, bounds, reason in refused or () if bounds is None]
    # Of no known ground, so of no known noon: the day is that of UTC.
    return newer_unusable(unplaced, than=connection.execute(oldest).scalar(), lon=0.0) if unplaced else None


def unseen_in(connection: Connection, session_id: int) -> Unseen | None:
    """Sum up what the ended tile runs of a session did not see; None where that was not measured."""
    sums = (func.sum(RUN.c.unseen_m2), func.sum(RUN.c.watched_m2), func.min(RUN.c.unseen_since))
    is_measured = RUN.c.watched_m2.is_not(None) & RUN.c.verdict.is_not(None)
    unseen_m2, of_m2, since = connection.execute(select(*sums).where(RUN.c.session_id == session_id, is_measured)).one()
    return None if of_m2 is None else Unseen(m2=unseen_m2 or 0.0, of_m2=of_m2, since=since)


def count_verdicts(connection: Connection, session_ids: list[int]) -> dict[int, dict[str, int]]:
    """Count the ended tile runs of sessions by verdict."""
    counts: dict[int, dict[str, int]] = {}
    query = (
        select(RUN.c.session_id, RUN.c.verdict, func.count())
        .where(RUN.c.session_id.in_(session_ids), RUN.c.verdict.is_not(None))
        .group_by(RUN.c.session_id, RUN.c.verdict)
    )
    for session_id, verdict, count in connection.execute(query):
        counts.setdefault(session_id, {})[verdict] = count
    return counts


def summarise(
    connection: Connection, session_id: int, counts: dict[str, int], unseen: Unseen | None = None
) -> dict[str, Any]:
    """Return what a session's row keeps of its tile runs, as far as they have come."""
    newest = connection.execute(
        select(func.max(IMAGE.c.captured_at))
        .join(RUN, RUN.c.image_id == IMAGE.c.id)
        .where(RUN.c.session_id == session_id)
    ).scalar_one()
    weight = func.coalesce(RUN.c.watched_m2, 1.0)  # a tile that the area only touches counts for what it touches
    mean = func.sum(RUN.c.clear_share * weight) / func.sum(case((RUN.c.clear_share.is_not(None), weight)))
    clear = connection.execute(select(mean).where(RUN.c.session_id == session_id)).scalar_one()
    failed = connection.execute(
        select(RUN.c.z, RUN.c.x, RUN.c.y, RUN.c.reason)
        .where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.FAILED)
        .order_by(RUN.c.id)
        .limit(FAILURES_KEPT)
    )
    word = ALERT.c.change_log["severity"].as_string()
    severities = connection.execute(select(word).where(ALERT.c.session_id == session_id).distinct()).scalars()
    return {
        "counts": counts,
        "severity": highest(severities),
        "clear_share": None if clear is None else round(float(clear), 4),
        "newest_captured_at": newest and newest.isoformat(),
        "unseen": unseen and _kept(unseen),
        "failures": [{"tile": str(tile_of(row)), "reason": row.reason or "no reason kept"} for row in failed],
    }


def _kept(unseen: Unseen) -> dict[str, Any]:
    since = unseen.since
    return {"m2": round(unseen.m2, 1), "of_m2": round(unseen.of_m2, 1), "since": since and since.isoformat()}
