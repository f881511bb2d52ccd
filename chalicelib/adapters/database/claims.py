"""Claims: a worker's hold on a tile run, taken by a conditional update, with everything that its work needs to know."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, bindparam, case, literal, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import watched_on
from chalicelib.adapters.database.claimed_images import (
    BEFORE,
    IMAGES_OF_COMPARISON,
    OLDER,
    REFUSED,
    STORED_IMAGES,
    baseline_in,
    stored_images,
)
from chalicelib.adapters.database.comparisons import doubted_in, seen_against, waiting_in
from chalicelib.adapters.database.named_parcels import HAS_LAYERS
from chalicelib.adapters.database.place_sightings import known_parts, with_places
from chalicelib.adapters.database.rows import area_of, image_of, tile_of, two_dates_of
from chalicelib.adapters.database.scenes import found_of
from chalicelib.adapters.database.seasons import images_of_seasons
from chalicelib.adapters.database.united import united
from chalicelib.domain.breakers import Breaker
from chalicelib.domain.comparisons import SLOW_DETECTOR, ComparisonKey, comparison_key
from chalicelib.domain.errors import Busy
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.references import choose_between, choose_older, choose_witnesses
from chalicelib.domain.tile_runs import CaptureClaim, Claim, ComparisonClaim, TileState

RUN, SESSION, AREA = t.session_tiles, t.alert_sessions, t.area_configs
BREAKER, SEARCH = t.breakers, t.scene_searches
OF_RUN = "run"  # the role of the row that is the run, beside those of its images
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
    SESSION.c.two_dates,
    (SESSION.c.reason.is_not(None) | AREA.c.deleted_at.is_not(None)).label("is_over"),
    literal(OF_RUN).label("role"),
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
_TO_CAPTURE, _TO_COMPARE = (
    united(_OF_CAPTURE, *STORED_IMAGES),
    united(with_places(_OF_RUN.add_columns(HAS_LAYERS)), *IMAGES_OF_COMPARISON),
)
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
    rows = connection.execute(_TO_CAPTURE, {"run_id": job.tile_run_id}).all()
    row = next(each for each in rows if each.role == OF_RUN)
    if row.is_over:
        return None
    area, tile, dates = area_of(row), tile_of(row), two_dates_of(row.two_dates)
    if dates is None:
        stored = stored_images(connection, rows, row.run_id, compare_since=area.plan.compare_since)
    else:
        stored = images_apart(connection, row.run_id)
    usable = tuple(image for image in stored if image.is_usable)
    # Of what was looked at on other land only what it shows is known here.
    of_other_land = tuple(image for image in usable if not area.is_of_its_land(image.session_id))
    stored = tuple(image for image in stored if area.is_of_its_land(image.session_id))
    return CaptureClaim(
        **_of_run(row, job),
        area_id=area.area_id,
        opened_at=row.started_at,
        area=area.extent.bounds,
        watched=watched_on(connection, area, tile),
        view=area.plan.grid.view(tile),
        provider=area.plan.provider,
        thresholds=area.plan.thresholds,
        newest=max(
            (image for image in stored if image.is_usable),
            key=lambda image: (image.taken_at, image.image_id),
            default=None,
        ),
        references=usable,
        stored=stored,
        of_other_land=of_other_land,
        found=found_of(row.found),
        dates=dates,
        compare_since=area.plan.compare_since,
        unusable=row.unusable,
        breaker=Breaker(failures=row.failures or 0, open_until=row.open_until),
    )


def images_apart(connection: Connection, tile_run_id: int) -> tuple[StoredImage, ...]:
    """Return the images that a tile run has stored of its session's two dates: none other is any matter to it."""
    of_run = select(t.image_tiles).where(t.image_tiles.c.tile_run_id == tile_run_id)
    return tuple(image_of(row) for row in connection.execute(of_run))


def comparison_claim(connection: Connection, job: TileJob) -> ComparisonClaim | None:
    """Return what comparing a tile needs to know, of a run that was claimed; None if its session is being ended."""
    rows = connection.execute(_TO_COMPARE, {"run_id": job.tile_run_id}).all()
    of_run, found = ([each for each in rows if (each.role == OF_RUN) == is_run] for is_run in (True, False))
    row = of_run[0]
    if row.is_over:
        return None
    area, dates = area_of(row), two_dates_of(row.two_dates)
    thresholds, since = area.plan.thresholds, area.plan.compare_since
    images = {each.id: image_of(each) for each in found}
    image, reference = images.pop(row.image_id), images.pop(row.reference_id)
    ends = {"reference": reference, "accepted_at": row.baseline_at, "compare_since": since}
    baseline = None if dates else baseline_in(connection, found, row.run_id, **ends)
    older = [images[each.id] for each in found if each.role == OLDER]
    key = comparison_key(image.image_id, reference.image_id, thresholds)
    made = [each for each in found if each.comparison_id is not None]
    of_reference = [each for each in made if each.id == reference.image_id and each.detector != SLOW_DETECTOR]
    latest = max(of_reference, key=lambda each: each.comparison_id, default=None)
    ignored = (latest and latest.ignored) or []
    before = next((each for each in found if each.role == BEFORE), None)
    waiting = () if dates else waiting_in(before, accepted_at=row.baseline_at)
    return ComparisonClaim(
        **_of_run(row, job),
        area_id=area.area_id,
        area=area.extent.bounds,
        watched=watched_on(connection, area, tile_of(row)),
        image=image,
        reference=reference,
        thresholds=thresholds,
        is_compared=any(
            ComparisonKey(each.id, each.compared_with, each.detector, each.thresholds) == key for each in made
        ),
        older=choose_older(older, taken_at=image.taken_at),
        refused=choose_witnesses((images[each.id] for each in found if each.role == REFUSED), image=image),
        doubted=doubted_in(ignored),
        waiting=waiting,
        waiting_against=seen_against(connection, waiting),
        waiting_since=before.taken_at if before is not None and waiting else None,
        baseline=baseline,
        seasons=() if dates or not (image.bands and reference.bands) else images_of_seasons(connection, image),
        between=() if baseline is None else choose_between(older, baseline=baseline, reference=reference),
        known=() if dates else known_parts(of_run, reference=reference),
        dates=dates,
        has_layers=bool(row.has_layers),
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
        **{name: getattr(job, name) for name in ("request_id", "turn", "waits", "failures")},
    }
