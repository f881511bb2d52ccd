"""What a session's row keeps of its tile runs, and what is counted of them as long as it is open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import is_of_pair, shows_once
from chalicelib.adapters.database.references import SAME_GROUND
from chalicelib.adapters.database.rows import AnyRow, tile_of
from chalicelib.domain.changes import Reason, waits_for_another
from chalicelib.domain.choosing import Unusable, newer_unusable
from chalicelib.domain.kinds import read_as
from chalicelib.domain.permits import Standing
from chalicelib.domain.sessions import FAILURES_LISTED
from chalicelib.domain.severity import highest
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import LOOKED, SeenTile, Unseen, clearly_seen_at

RUN, IMAGE, ALERT, SEARCH = t.session_tiles, t.image_tiles, t.alert_details, t.scene_searches
DONE, NAMED, AREA = t.comparisons, t.named_parcels, t.area_configs
SHOWN = IMAGE.alias("shown")
FAILURES_KEPT = 100
_LOG = ALERT.c.change_log
_ALERTS = (
    select(
        _LOG["severity"].as_string().label("severity"),
        _LOG["permit"].as_string().label("permit"),
        _LOG["told_before"].as_string().label("told_before"),
        func.sum(_LOG["parcels_touched"].as_integer()).label("parcels"),
        func.count().label("alerts"),
    )
    .where(ALERT.c.session_id == bindparam("of_session"))
    .group_by("severity", "permit", "told_before")
)
_PARCELS = (
    select(func.count(NAMED.c.parcel_id.distinct()))
    .join(ALERT, ALERT.c.id == NAMED.c.alert_id)
    .where(ALERT.c.session_id == bindparam("of_session"), NAMED.c.standing.is_(None), NAMED.c.is_maybe.is_(False))
    .where(
        func.coalesce(_LOG["permit"].as_string(), "") != Standing.VALID.value, _LOG["told_before"].as_string().is_(None)
    )
)
"""The parcels that the alerts of a session name, of which people are told."""


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


def waiting_in(connection: Connection, session_id: int) -> int:
    """Count the tiles of a session where something was seen that no other image has confirmed yet.

    By the newest comparison up to its image: that one may have shown too little to be compared itself. What was there
    when the area was accepted as it looks does not count.
    """
    on_tile = [SHOWN.c[name] == IMAGE.c[name] for name in SAME_GROUND]
    is_newer = AREA.c.baseline_at.is_(None) | (SHOWN.c.fetched_at > AREA.c.baseline_at)
    newest = (
        select(DONE.c.ignored)
        .join(SHOWN, SHOWN.c.id == DONE.c.image_id)
        .where(SHOWN.c.area_id == IMAGE.c.area_id, *on_tile, SHOWN.c.is_apart.is_(None))
        .where(SHOWN.c.taken_at <= IMAGE.c.taken_at, is_newer, is_of_pair())
        .order_by(SHOWN.c.taken_at.desc(), SHOWN.c.id.desc(), DONE.c.id.desc())
        .limit(1)
        .correlate(IMAGE, AREA)
        .scalar_subquery()
    )
    tiles = select(newest, AREA.c.min_changed_area_m2).select_from(RUN).join(IMAGE, IMAGE.c.id == RUN.c.image_id)
    tiles = tiles.join(AREA, AREA.c.id == IMAGE.c.area_id).where(RUN.c.session_id == session_id)
    shows_any = or_(shows_once(newest), shows_once(newest, Reason.NOT_YET_SURE))
    rows = connection.execute(tiles.where(IMAGE.c.is_apart.is_(None), shows_any))
    return sum(waits_for_another(regions, least_m2) for regions, least_m2 in rows)


def unseen_in(connection: Connection, session_id: int) -> Unseen | None:
    """Sum up what the ended tile runs of a session did not see; None where that was not measured."""
    sums = (func.sum(RUN.c.unseen_m2), func.sum(RUN.c.watched_m2), func.min(RUN.c.unseen_since))
    is_measured = RUN.c.watched_m2.is_not(None) & RUN.c.verdict.is_not(None)
    unseen_m2, of_m2, since = connection.execute(select(*sums).where(RUN.c.session_id == session_id, is_measured)).one()
    return None if of_m2 is None else Unseen(m2=unseen_m2 or 0.0, of_m2=of_m2, since=since)


def clearly_seen_in(connection: Connection, session_id: int, *, tolerance: float) -> datetime | None:
    """Return since when images have shown a session's ground clearly, as far as that is known."""
    is_measured = (RUN.c.session_id == session_id) & RUN.c.watched_m2.is_not(None)
    rows = connection.execute(select(RUN.c.clearly_seen_at, RUN.c.watched_m2).where(is_measured))
    return clearly_seen_at((SeenTile(at, m2) for at, m2 in rows), tolerance=tolerance)


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
    kinds = connection.execute(select(ALERT.c.change_log["kinds"]).where(ALERT.c.session_id == session_id).distinct())
    alerts = connection.execute(_ALERTS, {"of_session": session_id}).all()
    authorised = [row for row in alerts if row.permit == Standing.VALID]
    told = [row for row in alerts if row not in authorised and row.told_before is None]
    is_on_parcels = any(row.parcels for row in told)
    return {
        "counts": counts,
        "severity": highest(row.severity for row in told or alerts),
        "authorised": sum(row.alerts for row in authorised),
        "untold": sum(row.alerts for row in alerts) - sum(row.alerts for row in told),
        "parcels": connection.execute(_PARCELS, {"of_session": session_id}).scalar_one() if is_on_parcels else 0,
        "kinds": read_as(word for words in kinds.scalars() for word in words or ()),
        "clear_share": None if clear is None else round(float(clear), 4),
        "newest_captured_at": newest and newest.isoformat(),
        "unseen": unseen and _kept(unseen),
        "failures": [{"tile": str(tile_of(row)), "reason": row.reason or "no reason kept"} for row in failed],
    }


def summary_columns(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a session's row that keep its summary: in parts, for lists show few of its failures."""
    failures = summary["failures"]
    listed, further = failures[:FAILURES_LISTED], failures[FAILURES_LISTED:]
    return {"summary": summary | {"failures": listed}, "further_failures": further or None}


def kept_summary(row: AnyRow) -> dict[str, Any] | None:
    """Return the whole summary that a session's row keeps; None: it is open."""
    if row.summary is None:
        return None
    return {**row.summary, "failures": row.summary["failures"] + (row.further_failures or [])}


def _kept(unseen: Unseen) -> dict[str, Any]:
    since = unseen.since
    return {"m2": round(unseen.m2, 1), "of_m2": round(unseen.of_m2, 1), "since": since and since.isoformat()}
