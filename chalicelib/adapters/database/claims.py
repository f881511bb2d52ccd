"""Claims: a worker's hold on a tile run, taken by a conditional update, with everything that its work needs to know."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, bindparam, case, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import doubted_in
from chalicelib.adapters.database.place_sightings import known_parts, with_places
from chalicelib.adapters.database.references import OLDER, REFUSED, baseline_in, images_of_comparison, stored_images
from chalicelib.adapters.database.rows import area_of, image_of, tile_of
from chalicelib.adapters.database.scenes import found_of
from chalicelib.domain.breakers import Breaker
from chalicelib.domain.comparisons import SLOW_DETECTOR, ComparisonKey, comparison_key
from chalicelib.domain.errors import Busy
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.references import choose_between, choose_older, choose_witnesses
from chalicelib.domain.tile_runs import CaptureClaim, Claim, ComparisonClaim, TileState

RUN, SESSION, AREA = t.session_tiles, t.alert_sessions, t.area_configs
BREAKER, SEARCH = t.breakers, t.scene_searches
CLOCKS_DIFFER = timedelta(seconds=1)  # of two processes, at most: who takes a job, and who works on it, are two
_RUN_COLUMNS = (
    RUN.c.id.label("run_id"),
    RUN.c.session_id,
    RUN.c.fence,
    RUN.c.attempts,
    RUN.c.reason.label("last_reason"),
    RUN.c.z,
    RUN.c.x,
    RUN.c.y,
    RUN.c.image_id,
    RUN.c.reference_id,
    RUN.c.unusable,
    SESSION.c.started_at,
    (SESSION.c.reason.is_not(None) | AREA.c.deleted_at.is_not(None)).label("is_over"),
)
# The statements of each tile are built once: building one cost more than running it.
_OF_RUN = (
    select(AREA, *_RUN_COLUMNS)
    .join(SESSION, SESSION.c.area_id == AREA.c.id)
    .join(RUN, RUN.c.session_id == SESSION.c.id)
    .where(RUN.c.id == bindparam("run_id"))
)
_OF_CAPTURE = (
    _OF_RUN.add_columns(BREAKER.c.failures, BREAKER.c.open_until, SEARCH.c.found)
    .outerjoin(BREAKER, BREAKER.c.name == AREA.c.provider)
    .outerjoin(SEARCH, SEARCH.c.session_id == RUN.c.session_id)
)
_OF_RUN_AND_PLACES = with_places(_OF_RUN)
_IS_IT = (RUN.c.id == bindparam("run_id")) & (RUN.c.session_id == bindparam("of_session"))


@cache
def _claim() -> Update:
    return (
        update(RUN)
        .where(_IS_IT, RUN.c.state.in_(bindparam("states", expanding=True)))
        .where(RUN.c.lease_until.is_(None) | (RUN.c.lease_until <= bindparam("now")))
        .where(RUN.c.retry_at <= bindparam("not_postponed"))
        .ordered_values(
            # In this order, for MySQL sets one after the other: a worker whose lease ran out said nothing, and what an
            # earlier one had to say, that it waits for its provider, say, is not why that one died.
            (RUN.c.reason, case((RUN.c.lease_until.is_(None), RUN.c.reason))),
            (RUN.c.state, bindparam("claimed")),
            (RUN.c.fence, RUN.c.fence + 1),
            (RUN.c.attempts, RUN.c.attempts + 1),
            (RUN.c.lease_until, bindparam("until")),
            (RUN.c.retry_at, bindparam("until")),
        )
    )


def claim_run(
    connection: Connection,
    job: TileJob,
    states: tuple[TileState, TileState],
    *,
    now: datetime,
    lease_s: float,
    retry: timedelta,
) -> bool:
    """Take hold of a tile run that waits in one of the states; False if it is past them. Raises Busy if it is held.

    False also if it was postponed until later: its job of then is on its way, and this one is left over from before.
    That job itself may come a moment early by this process's clock, and is never passed over: no other would follow.
    """
    it = {"run_id": job.tile_run_id, "of_session": job.session_id}
    until = now + timedelta(seconds=lease_s)
    not_postponed = now + retry + CLOCKS_DIFFER
    values = {"states": states, "claimed": states[1], "now": now, "until": until, "not_postponed": not_postponed}
    if connection.execute(_claim(), it | values).rowcount:
        return True
    run = connection.execute(select(RUN.c.state, RUN.c.lease_until).where(_IS_IT), it).one_or_none()
    if run is not None and run.state in states and run.lease_until is not None:
        raise Busy(f"tile run {job.tile_run_id} is held until {run.lease_until}")
    return False


def capture_claim(connection: Connection, job: TileJob) -> CaptureClaim | None:
    """Return what capturing a tile needs to know, of a run that was just claimed; None if its session is being ended.

    Of a session of many tiles that was stopped, or of a deleted area: whoever ends it comes to this run as well.
    """
    row = connection.execute(_OF_CAPTURE, {"run_id": job.tile_run_id}).one()
    if row.is_over:
        return None
    area, tile = area_of(row), tile_of(row)
    stored = stored_images(connection, area, tile)
    usable = tuple(image for image in stored if image.is_usable)
    return CaptureClaim(
        **_of_run(row, job),
        area_id=area.area_id,
        opened_at=row.started_at,
        area=area.extent.bounds,
        view=area.plan.grid.view(tile),
        provider=area.plan.provider,
        thresholds=area.plan.thresholds,
        newest=max(usable, key=lambda image: (image.taken_at, image.image_id), default=None),
        references=usable,
        stored=stored,
        found=found_of(row.found),
        unusable=row.unusable,
        breaker=Breaker(failures=row.failures or 0, open_until=row.open_until),
    )


def comparison_claim(connection: Connection, job: TileJob) -> ComparisonClaim | None:
    """Return what comparing a tile needs to know, of a run that was claimed; None if its session is being ended."""
    rows = connection.execute(_OF_RUN_AND_PLACES, {"run_id": job.tile_run_id}).all()
    row = rows[0]
    if row.is_over:
        return None
    area, thresholds = area_of(row), area_of(row).plan.thresholds
    found = images_of_comparison(connection, row.image_id, row.reference_id, accepted_at=row.baseline_at)
    images = {each.id: image_of(each) for each in found}
    image, reference = images.pop(row.image_id), images.pop(row.reference_id)
    baseline = baseline_in(found, reference=reference, accepted_at=row.baseline_at)
    older = [images[each.id] for each in found if each.role == OLDER]
    key = comparison_key(image.image_id, reference.image_id, thresholds)
    made = [each for each in found if each.comparison_id is not None]
    of_reference = [each for each in made if each.id == reference.image_id and each.detector != SLOW_DETECTOR]
    latest = max(of_reference, key=lambda each: each.comparison_id, default=None)
    return ComparisonClaim(
        **_of_run(row, job),
        area_id=area.area_id,
        area=area.extent.bounds,
        image=image,
        reference=reference,
        thresholds=thresholds,
        is_compared=any(
            ComparisonKey(each.id, each.compared_with, each.detector, each.thresholds) == key for each in made
        ),
        older=choose_older(older, taken_at=image.taken_at),
        refused=choose_witnesses((images[each.id] for each in found if each.role == REFUSED), image=image),
        doubted=doubted_in((latest and latest.ignored) or []),
        baseline=baseline,
        between=() if baseline is None else choose_between(older, baseline=baseline, reference=reference),
        known=known_parts(rows),
    )


def job_of(claim: Claim) -> TileJob:
    """Return the job that takes a claimed run on."""
    return TileJob(
        session_id=claim.session_id,
        tile_run_id=claim.tile_run_id,
        tile=str(claim.view.tile),
        request_id=claim.request_id,
        turn=claim.turn,
    )


def is_held(claim: Claim) -> ColumnElement[bool]:
    """The fence: whoever claimed the run later holds a higher one, and nothing of an older claim is written."""
    return (RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)


def is_leased(claim: Claim) -> ColumnElement[bool]:
    """The fence, once: it may have been postponed already, by a transaction whose answer was lost."""
    return is_held(claim) & RUN.c.lease_until.is_not(None)


def _of_run(row: Row[Any], job: TileJob) -> dict[str, Any]:
    return {
        "tile_run_id": row.run_id,
        "session_id": row.session_id,
        "fence": row.fence,
        "attempts": row.attempts,
        "last_reason": row.last_reason,
        "request_id": job.request_id,
        "turn": job.turn,
        "waits": job.waits,
    }
