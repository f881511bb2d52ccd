"""Sightings of places, in the database: what one tile's comparison shows of them, and what is known on a tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, Select, exists, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.images import StoredImage
from chalicelib.domain.permits import Standing
from chalicelib.domain.places import KnownPart, Sighting

SIGHTING, RUN, IMAGE, AREA = t.place_sightings, t.session_tiles, t.image_tiles, t.area_configs
PART, TOLD, ALERT = SIGHTING.alias("part"), SIGHTING.alias("told"), t.alert_details
MOST_PARTS = 500  # of places that one comparison is told of: on nine tiles


def with_places(of_run: Select[Any]) -> Select[Any]:
    """Add what is known of the places on a run's tile and on the eight around it: for each its own row, or one without.

    A place that grows may belong to the next tile from then on, because a region belongs where its middle is.
    """
    is_near = (
        (PART.c.area_id == AREA.c.id)
        & PART.c.is_latest.is_(True)
        & (PART.c.z == RUN.c.z)
        & PART.c.x.between(RUN.c.x - 1, RUN.c.x + 1)
        & PART.c.y.between(RUN.c.y - 1, RUN.c.y + 1)
    )
    names = ("place_id", "x", "y", "outlines", "area_m2", "told_m2", "accepted_told_m2")
    columns = [PART.c[name].label(f"part_{name}") for name in names]
    columns += [_told_last("seen_at").label("part_told_at"), _told_last("image_id").label("part_told_image")]
    return of_run.add_columns(*columns).outerjoin(PART, is_near).limit(MOST_PARTS)


def _told_last(name: str) -> ScalarSelect[Any]:
    """Look up the image by which people were told of a place's part last: not where a permit silenced that."""
    same = [TOLD.c[each] == PART.c[each] for each in ("place_id", "area_id", "z", "x", "y")]
    same.append(TOLD.c.is_latest.in_((True, False)))  # both, so that the index leads to the tile
    silenced = exists().where(
        ALERT.c.tile_run_id == TOLD.c.tile_run_id, ALERT.c.change_log["permit"].as_string() == Standing.VALID.value
    )
    told = select(TOLD.c[name]).where(*same, TOLD.c.is_told.is_(True), ~silenced)
    return told.order_by(TOLD.c.seen_at.desc(), TOLD.c.image_id.desc()).limit(1).correlate(PART).scalar_subquery()


def known_parts(rows: Sequence[Row[Any]], *, reference: StoredImage) -> tuple[KnownPart, ...]:
    """Return the places of the rows of `with_places`, for an image that is compared with a reference."""
    since = (reference.taken_at, reference.image_id)
    return tuple(
        KnownPart(
            place_id=row.part_place_id,
            is_here=(row.part_x, row.part_y) == (row.x, row.y),
            outlines=tuple(row.part_outlines),
            area_m2=row.part_area_m2,
            told_m2=row.part_told_m2,
            known_m2=row.part_told_m2 or row.part_accepted_told_m2 or 0.0,
            is_told_since=row.part_told_at is not None and (row.part_told_at, row.part_told_image) > since,
        )
        for row in rows
        if row.part_place_id is not None
    )


def add_sightings(connection: Connection, tile_run_id: int, sightings: Sequence[Sighting]) -> None:
    """Keep what a comparison showed of places, until its session ends and joins them."""
    of_run = (
        select(
            *(RUN.c.session_id, RUN.c.image_id, RUN.c.z, RUN.c.x, RUN.c.y),
            IMAGE.c.taken_at.label("seen_at"),
            t.alert_sessions.c.area_id,
        )
        .join(t.alert_sessions, t.alert_sessions.c.id == RUN.c.session_id)
        .join(IMAGE, IMAGE.c.id == RUN.c.image_id)
        .where(RUN.c.id == tile_run_id)
    )
    fixed = dict(connection.execute(of_run).mappings().one()) | {
        "tile_run_id": tile_run_id,
        "is_latest": False,
    }
    connection.execute(insert(SIGHTING), [fixed | _values_of(sighting) for sighting in sightings])


def _values_of(sighting: Sighting) -> dict[str, Any]:
    return {
        "place_id": sighting.place_id,
        "outlines": list(sighting.outlines),
        "area_m2": sighting.area_m2,
        "told_m2": sighting.area_m2 if sighting.is_told and sighting.is_news else 0.0,
        "severity": sighting.severity,
        "is_told": sighting.is_told,
        "kind": sighting.kind,
        "kind_probability": sighting.kind_probability,
    }
