"""Stored comparisons of an area, in the database, as a dry run reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.paging import AnyRow
from chalicelib.adapters.database.rows import kept_unseen_of, tile_of
from chalicelib.application.ports.dry_runs import DryRuns, Past
from chalicelib.domain.dry_runs import Compared, KeptRegion, PastSession, SeenPlace
from chalicelib.domain.tile_runs import Verdict

RUN, SESSION, ALERT, DONE, SIGHTING = (
    t.session_tiles,
    t.alert_sessions,
    t.alert_details,
    t.comparisons,
    t.place_sightings,
)
AREA = t.area_configs
_COMPARED = (Verdict.CHANGED, Verdict.NO_CHANGE, Verdict.OBSCURED)
_SLOW = "baseline"  # what a region of a change log was seen against


class SqlDryRuns(DryRuns):
    """The port `DryRuns`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def past(
        self, connection: Connection, area_id: int, *, since: datetime, most_sessions: int, most_compared: int
    ) -> Past:
        ended = (SESSION.c.area_id == area_id) & SESSION.c.ended_at.is_not(None) & SESSION.c.two_dates.is_(None)
        old_land = select(AREA.c.old_land_session_id).where(AREA.c.id == area_id)
        ended &= SESSION.c.id > func.coalesce(old_land.scalar_subquery(), 0)  # what lay beside it then is not known
        columns = SESSION.c.id, SESSION.c.started_at, SESSION.c.summary
        newest = select(*columns).where(ended, SESSION.c.started_at >= since).order_by(SESSION.c.id.desc())
        rows = connection.execute(newest.limit(most_sessions + 1)).all()
        chosen: list[AnyRow] = []
        left = most_compared
        for row in rows[:most_sessions]:
            left -= _compared_in(row.summary)
            if left < 0 and chosen:
                break
            chosen.insert(0, row)
        told: frozenset[int] = frozenset()
        if chosen:
            before = (SIGHTING.c.area_id == area_id) & (SIGHTING.c.session_id < chosen[0].id)
            places = select(SIGHTING.c.place_id).where(before, SIGHTING.c.is_told.is_(True)).distinct()
            told = frozenset(place_id for place_id in connection.execute(places).scalars() if place_id is not None)
        sessions = [
            PastSession(row.id, row.started_at, kept_unseen_of((row.summary or {}).get("unseen"))) for row in chosen
        ]
        return Past(sessions, len(chosen) == len(rows), told)

    @override
    def compared(self, session_ids: Sequence[int], *, at_once: int) -> Iterator[list[Compared]]:
        for session_id in session_ids:
            after = 0
            while True:
                part, after = self._part(session_id, after, at_once)
                if not part:
                    break
                yield part

    @reads
    def _part(self, connection: Connection, session_id: int, after: int, at_once: int) -> tuple[list[Compared], int]:
        is_next = (RUN.c.session_id == session_id) & (RUN.c.id > after) & RUN.c.verdict.in_(_COMPARED)
        runs = connection.execute(select(RUN).where(is_next).order_by(RUN.c.id).limit(at_once)).all()
        if not runs:
            return [], after
        run_ids, image_ids = [run.id for run in runs], [run.image_id for run in runs]
        alerts = {
            row.tile_run_id: row for row in connection.execute(select(ALERT).where(ALERT.c.tile_run_id.in_(run_ids)))
        }
        made: dict[tuple[int, datetime], list[Row[Any]]] = {}
        for row in connection.execute(select(DONE).where(DONE.c.image_id.in_(image_ids))):
            made.setdefault((row.image_id, row.created_at), []).append(row)
        places: dict[int, list[SeenPlace]] = {}
        # By the session: the runs have no index here.
        seen = select(SIGHTING.c.tile_run_id, SIGHTING.c.place_id, SIGHTING.c.outlines).where(
            SIGHTING.c.session_id == session_id,
            SIGHTING.c.tile_run_id.in_(run_ids),
            SIGHTING.c.place_id.is_not(None),
        )
        for run_id, place_id, outlines in connection.execute(seen):
            places.setdefault(run_id, []).append(SeenPlace(place_id, outlines))
        found = [
            _compared_of(run, alerts.get(run.id), made.get((run.image_id, run.ended_at), ()), places.get(run.id, ()))
            for run in runs
        ]
        return found, runs[-1].id


def _session_of(row: AnyRow) -> PastSession:
    return PastSession(row.id, row.started_at, kept_unseen_of((row.summary or {}).get("unseen")))


def _compared_in(summary: Mapping[str, Any] | None) -> int:
    counts = (summary or {}).get("counts", {})
    return sum(int(counts.get(verdict, 0)) for verdict in _COMPARED)


def _compared_of(
    run: Row[Any], alert: Row[Any] | None, made: Sequence[Row[Any]], places: Sequence[SeenPlace]
) -> Compared:
    """Return what was stored of a tile run: its alert's regions, and what its comparisons ignored."""
    regions = [
        KeptRegion.of(kept, is_told=True, is_slow=kept.get("compared_with") == _SLOW)
        for kept in (alert.change_log.get("regions", ()) if alert is not None else ())
    ]
    compared_by = ""
    for row in made:
        is_slow = row.reference_id != run.reference_id
        compared_by = row.thresholds
        regions += [KeptRegion.of(kept, is_told=False, is_slow=is_slow) for kept in row.ignored or ()]
    return Compared(
        run_id=run.id,
        session_id=run.session_id,
        tile=str(tile_of(run)),
        alert_id=None if alert is None else alert.id,
        compared_by=compared_by,
        regions=tuple(regions),
        places=tuple(places),
    )
