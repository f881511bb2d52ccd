"""Rows to values: every mapper of the room, so that no noun's file has to load another's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Row

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.scenes import items_of
from chalicelib.domain.alerts import Alert, Ignored
from chalicelib.domain.areas import Area, Plan
from chalicelib.domain.bands import StoredBands
from chalicelib.domain.errors import DomainError
from chalicelib.domain.extents import Extent
from chalicelib.domain.images import ImageStatus, StoredImage, TileImage
from chalicelib.domain.jobs import Message, Queue
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind, read_as
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.scenes import Grid
from chalicelib.domain.schedules import Schedule
from chalicelib.domain.sessions import Cause, Failure, PastSession, Session, SessionStatus
from chalicelib.domain.severity import highest
from chalicelib.domain.shapes import Size
from chalicelib.domain.thresholds import Sensitivity, Thresholds
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import Tile
from chalicelib.domain.two_dates import TwoDates
from chalicelib.domain.unseen import Unseen, UnseenTile

log = logging.getLogger(__name__)
V = TypeVar("V")
AnyRow = Row[*tuple[Any, ...]]  # of any number of columns
EXTENT = ("center_lat", "center_lon", "north_km", "south_km", "east_km", "west_km")


def readable(rows: Iterable[Row[Any]], value_of: Callable[[Row[Any]], V]) -> list[V]:
    """Return the values of those rows that can be read: one that a newer release wrote must not hide all others."""
    values = []
    for row in rows:
        try:
            values.append(value_of(row))
        except (ValueError, DomainError) as error:
            log.error("row not readable", extra={"row_id": row.id, "reason": str(error)})  # noqa: TRY400 (no stack)
    return values


def area_of(row: Row[Any]) -> Area:
    """Return the area of a row of `area_configs`."""
    return Area(
        area_id=row.id,
        user_id=row.user_id,
        name=row.name,
        extent=Extent(**{name: getattr(row, name) for name in EXTENT}),
        plan=Plan(
            provider=row.provider,
            grid=Grid(zoom=row.zoom, tile_px=row.tile_px, margin_px=row.margin_px),
            cadence_hours=row.cadence_hours,
            thresholds=Thresholds(
                min_changed_area_m2=row.min_changed_area_m2,
                min_clear_share=row.min_clear_share,
                sensitivity=Sensitivity(row.sensitivity),
                alert_kinds=_alert_kinds_of(row.alert_kinds),
                is_confirmed_twice=row.is_confirmed_twice,
            ),
            unseen_tolerance=row.unseen_tolerance,
            compare_since=row.compare_since,
            looks_on_arrival=row.looks_on_arrival,
            schedule=Schedule.from_json(row.schedule),
        ),
        next_due_at=row.next_due_at,
        created_at=row.created_at,
        size=None if row.shape_m2 is None else Size(row.shape_m2, row.shape_tiles),
        version=row.version,
        tags=tuple(row.tags or ()),
        is_paused=row.is_paused,
        old_land_session_id=row.old_land_session_id,
    )


def alert_kinds_kept(kinds: frozenset[Kind]) -> list[str] | None:
    """Return the kinds that alert as a row of `area_configs` keeps them: nothing where they are the usual ones."""
    return None if kinds == DEFAULT_ALERT_KINDS else [kind.value for kind in Kind if kind in kinds]


def _alert_kinds_of(kept: list[str] | None) -> frozenset[Kind]:
    return DEFAULT_ALERT_KINDS if kept is None else frozenset(Kind(name) for name in kept)


def tile_of(row: AnyRow) -> Tile:
    """Return the tile of a row that has z, x and y."""
    return Tile(row.z, row.x, row.y)


def session_of(row: Row[Any], summary: dict[str, Any]) -> Session:
    """Return the session of a row of `alert_sessions`, and a summary of its tile runs as far as they have come."""
    newest = summary["newest_captured_at"]
    return Session(
        session_id=row.id,
        area_id=row.area_id,
        cause=Cause(row.cause),
        status=SessionStatus(row.status),
        reason=row.reason,
        started_at=row.started_at,
        ended_at=row.ended_at,
        tiles_planned=row.tiles_planned,
        tiles_done=sum(summary["counts"].values()),
        counts_by_verdict=summary["counts"],
        clear_share=summary["clear_share"],
        newest_captured_at=newest and datetime.fromisoformat(newest),
        severity=highest([summary.get("severity")]),
        kinds=read_as(summary.get("kinds") or ()),
        authorised=summary.get("authorised") or 0,
        failures=tuple(Failure(**failure) for failure in summary["failures"]),
        is_notification_sent=row.is_notification_sent,
        unseen=kept_unseen_of(summary.get("unseen")),
        dates=two_dates_of(row.two_dates),
    )


def two_dates_of(kept: dict[str, str] | None) -> TwoDates | None:
    """Return the dates that a session was asked to compare, of what its row keeps of them; None of any other."""
    if kept is None:
        return None
    return TwoDates(before=date.fromisoformat(kept["before"]), after=date.fromisoformat(kept["after"]))


def kept_unseen_of(kept: dict[str, Any] | None) -> Unseen | None:
    """Return what a session did not see, of what its row keeps of it; None where that was not measured."""
    if kept is None:
        return None
    since = kept["since"]
    return Unseen(m2=kept["m2"], of_m2=kept["of_m2"], since=since and datetime.fromisoformat(since))


def failure_of(row: Row[Any]) -> Failure:
    """Return why a row of `session_tiles` FAILED."""
    return Failure(tile=str(tile_of(row)), reason=row.reason or "no reason kept")


def unseen_tile_of(row: Row[Any]) -> UnseenTile:
    """Return a row of `session_tiles` whose ground was not all seen."""
    unseen = Unseen(m2=row.unseen_m2, of_m2=row.watched_m2, since=row.unseen_since)
    said = {"verdict": Verdict(row.verdict), "reason": row.reason, "clearly_seen_at": row.clearly_seen_at}
    return UnseenTile(tile=str(tile_of(row)), unseen=unseen, **said)


def past_session_of(row: Row[Any]) -> PastSession:
    """Return what of a session's row bears on a new request."""
    counts = (row.summary or {}).get("counts", {})
    return PastSession(cause=Cause(row.cause), ended_at=row.ended_at, verdicts=frozenset(counts))


_KEPT = ("tile_run_id", "size_bytes", "is_baseline", "capture_id", "is_apart", "dropped_at", "pinned_at", "pin_reason")
OF_IMAGE = tuple(column for column in t.image_tiles.c if column.name not in _KEPT)
"""What `tile_image_of` needs of a row: a page of a list is read in less time without the rest."""


def image_of(row: Row[Any], *, is_settled: bool = True) -> StoredImage:
    """Return the image of a row of `image_tiles`. Only who chooses among images must know whether it is settled."""
    grid = Grid(zoom=row.z, tile_px=row.tile_px, margin_px=row.margin_px)
    return StoredImage(
        image_id=row.id,
        area_id=row.area_id,
        session_id=row.session_id,
        view=grid.view(tile_of(row)),
        provider=row.provider,
        scene_id=row.scene_id,
        captured_at=row.captured_at,
        fetched_at=row.fetched_at,
        key=row.object_key,
        sha256=row.sha256,
        bands=bands_of(row),
        attribution=row.attribution,
        clear_share=row.clear_share,
        is_settled=is_settled,
        is_usable=bool(row.is_usable),
        version=row.scene_version,
        items=items_of(row.scene_items),
        version_after=row.taken_at,
        compared_share=row.compared_share,
    )


def bands_of(row: Row[Any]) -> StoredBands | None:
    """Return where the bands are, of a row of `image_tiles` or `captures`; None if it has none."""
    return StoredBands(row.bands_key, row.bands_sha256) if row.bands_key else None


def tile_image_of(row: Row[Any], *, clearly_seen_at: datetime | None = None) -> TileImage:
    """Return an image and what its latest comparison said, of a row of `image_tiles`; the time is its tile run's."""
    status = ImageStatus(row.status)
    return TileImage(image=image_of(row), status=status, compared_at=row.compared_at, clearly_seen_at=clearly_seen_at)


def alert_of(
    row: Row[Any],
    image: Row[Any],
    reference: Row[Any],
    *,
    place_ids: Iterable[int],
    parcels: Iterable[NamedParcel] = (),
) -> Alert:
    """Return the alert of a row of `alert_details`, of its two images' rows, with its places and its parcels."""
    return Alert(
        alert_id=row.id,
        session_id=row.session_id,
        image_id=row.image_id,
        reference_key=reference.object_key,
        reference_captured_at=reference.captured_at,
        reference_attribution=reference.attribution,
        image_key=image.object_key,
        mask_key=row.mask_key,
        overlay_key=row.overlay_key,
        change_log=row.change_log,
        created_at=row.created_at,
        place_ids=tuple(sorted(place_ids)),
        parcels=tuple(parcels),
    )


def ignored_of(row: Row[Any]) -> Ignored:
    """Return what a comparison ignored, of an image's row with the comparison's verdict, regions and reference."""
    return Ignored(
        image=tile_image_of(row),
        reference_key=row.reference_key,
        verdict=Verdict(row.verdict),
        regions=row.ignored,
    )


def message_of(row: Row[Any]) -> Message:
    """Return the message of a row of `outbox`."""
    return Message(message_id=row.id, queue=Queue(row.queue), body=row.body)
