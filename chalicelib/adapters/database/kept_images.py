"""What uses the stored images of some tiles, and until when they are kept, in the database.

It is read for retention, under the area's lock, and for people: both are told the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Table, and_, case, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import is_of_pair, shows_once
from chalicelib.adapters.database.holds import standing_on
from chalicelib.adapters.database.references import IS_SETTLED, SAME_GROUND
from chalicelib.domain.changes import Reason
from chalicelib.domain.retention import Kept, Policy, Standing, Use, UsedBy, standings
from chalicelib.domain.tiles import Tile

IMAGE, ALERT, DONE, SIGHTING, RUN = (
    t.image_tiles,
    t.alert_details,
    t.comparisons,
    t.place_sightings,
    t.session_tiles.alias("its_run"),  # `IS_SETTLED` asks for other tile runs
)
AT_ONCE, SESSIONS_AT_ONCE = 500, 50  # ids in one statement
_COLUMNS = (
    *(IMAGE.c[name] for name in SAME_GROUND),
    *(IMAGE.c[name] for name in ("id", "session_id", "taken_at", "fetched_at", "clear_share", "is_usable")),
    IMAGE.c.compared_share,
    *(IMAGE.c[name] for name in ("is_baseline", "is_apart", "bands_key", "pinned_at")),
    IS_SETTLED.label("is_settled"),
)
Uses = dict[int, set[UsedBy]]


def standings_on(
    connection: Connection, area: Row[Any], tiles: Collection[Tile], policy: Policy
) -> dict[int, Standing]:
    """Say of each image of an area's tiles that is not dropped how it stands. `area` is its row."""
    query = select(*_COLUMNS).where(on_tiles(IMAGE, area.id, tiles), IMAGE.c.dropped_at.is_(None))
    query = query.order_by(*(IMAGE.c[name] for name in SAME_GROUND))
    rows = connection.execute(query).all()
    uses = _uses(connection, area.id, tiles, rows)
    found: dict[int, Standing] = {}
    for _, of_ground in groupby(rows, lambda row: tuple(getattr(row, name) for name in SAME_GROUND)):
        kept = [_kept_of(row, frozenset(uses.get(row.id, ()))) for row in of_ground]
        found |= standings(kept, policy, accepted_at=area.baseline_at, compare_since=area.compare_since)
    return found


def _uses(connection: Connection, area_id: int, tiles: Collection[Tile], rows: Sequence[Row[Any]]) -> Uses:
    """Say what holds, alerts and places use of the images, and which of them are pinned."""
    uses: Uses = {row.id: {UsedBy(Use.PIN)} for row in rows if row.pinned_at is not None}
    ids = [row.id for row in rows]
    alerts = {}
    judged_with = ALERT.c.change_log["judged_with"].label("judged_with")  # alerts of an earlier release say none
    told = select(ALERT.c.id, ALERT.c.image_id, ALERT.c.reference_id, judged_with)
    for alert in _among(connection, told, ALERT.c.image_id, ids):
        alerts[alert.image_id] = UsedBy(Use.ALERT, alert.id)
        _add(uses, alerts[alert.image_id], alert.image_id, alert.reference_id, *(alert.judged_with or ()))
    # With what its image was compared for it: the image before, and its baseline.
    for made in _among(connection, select(DONE.c.image_id, DONE.c.reference_id), DONE.c.image_id, list(alerts)):
        _add(uses, alerts[made.image_id], made.reference_id)
    seen = (
        select(SIGHTING.c.place_id, SIGHTING.c.image_id, SIGHTING.c.session_id, RUN.c.reference_id)
        .outerjoin(RUN, RUN.c.id == SIGHTING.c.tile_run_id)
        # Both, so that the index leads to the tiles.
        .where(on_tiles(SIGHTING, area_id, tiles, SIGHTING.c.is_latest.in_((True, False))))
    )
    _add(uses, UsedBy(Use.REFERENCE), *_waited_against(connection, rows))
    holds = _holds_on(connection, area_id)
    for sighting in connection.execute(seen):
        for used in (UsedBy(Use.PLACE, sighting.place_id), *holds.of_place.get(sighting.place_id, ())):
            _add(uses, used, sighting.image_id, sighting.reference_id)
    _add_held(connection, uses, holds, tiles, rows)
    return uses


class _Holds(NamedTuple):
    of_area: list[UsedBy]
    of_place: dict[int | None, list[UsedBy]]
    of_session: dict[int, list[UsedBy]]


def _holds_on(connection: Connection, area_id: int) -> _Holds:
    """Return the holds that stand on an area, by what they hold: there may be thousands."""
    holds = _Holds([], {}, {})
    for hold in standing_on(connection, area_id):
        used = UsedBy(Use.HOLD, hold.hold_id)
        if hold.place_id is not None:
            holds.of_place.setdefault(hold.place_id, []).append(used)
        elif hold.session_id is not None:
            holds.of_session.setdefault(hold.session_id, []).append(used)
        else:
            holds.of_area.append(used)
    return holds


def _add_held(
    connection: Connection, uses: Uses, holds: _Holds, tiles: Collection[Tile], rows: Sequence[Row[Any]]
) -> None:
    """Add what holds on the whole area, and on sessions, keep; and with each held image what it was compared with."""
    for row in rows:
        for used in (*holds.of_area, *holds.of_session.get(row.session_id, ())):
            _add(uses, used, row.id)
    for run in _runs_of(connection, sorted(holds.of_session), tiles):
        for used in holds.of_session[run.session_id]:
            _add(uses, used, run.image_id, run.reference_id)
    # With what their images were compared with, as for alerts.
    held = {image_id: [used for used in of_image if used.use is Use.HOLD] for image_id, of_image in uses.items()}
    compared = select(DONE.c.image_id, DONE.c.reference_id)
    for made in _among(connection, compared, DONE.c.image_id, [image_id for image_id, of in held.items() if of]):
        for used in held[made.image_id]:
            _add(uses, used, made.reference_id)


def _runs_of(connection: Connection, session_ids: Sequence[int], tiles: Collection[Tile]) -> Iterator[Row[Any]]:
    """Yield what sessions looked at on some tiles, by the index: a session has thousands of others."""
    for start in range(0, len(session_ids), SESSIONS_AT_ONCE):
        are_these = RUN.c.session_id.in_(session_ids[start : start + SESSIONS_AT_ONCE])
        query: Select[Any] = select(RUN.c.session_id, RUN.c.image_id, RUN.c.reference_id).where(
            _on(RUN, tiles, are_these)
        )
        yield from connection.execute(query)


def _waited_against(connection: Connection, rows: Sequence[Row[Any]]) -> set[int]:
    """Return the images that what waits for a second image was seen against: the next one is compared with them."""
    newest: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    own = {row.id: row for row in rows if row.is_apart is None}
    once = case((shows_once(DONE.c.ignored), DONE.c.ignored)).label("once")  # nothing of the others is read
    query = select(DONE.c.id, DONE.c.image_id, once).where(is_of_pair())
    for made in _among(connection, query, DONE.c.image_id, list(own)):
        image = own[made.image_id]
        ground = tuple(getattr(image, name) for name in SAME_GROUND)
        newest[ground] = max(newest.get(ground, ()), (image.taken_at, image.id, made.id, made.once or ()), key=_age_of)
    regions = (region for *_, once in newest.values() for region in once)
    return {region["seen_against"] for region in regions if region["reason"] == Reason.SEEN_ONCE}


def _age_of(made: tuple[Any, ...]) -> tuple[Any, ...]:
    return made[:3]


def _add(uses: Uses, used: UsedBy, *image_ids: int | None) -> None:
    for image_id in image_ids:
        if image_id is not None:
            uses.setdefault(image_id, set()).add(used)


def _among(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], ids: Sequence[int]
) -> Iterator[Row[Any]]:
    for start in range(0, len(ids), AT_ONCE):
        yield from connection.execute(query.where(column.in_(ids[start : start + AT_ONCE])))


def on_tiles(table: Table, area_id: int, tiles: Collection[Tile], *also: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row is of one of these tiles of an area, by an index of all these columns.

    Each tile says the whole of it: an area that is asked for once, beside its tiles, SQLite reads from end to end.
    """
    return _on(table, tiles, table.c.area_id == area_id, *also)


def _on(table: FromClause, tiles: Collection[Tile], *also: ColumnElement[bool]) -> ColumnElement[bool]:
    c = table.c
    return or_(*(and_(*also, c.z == tile.z, c.x == tile.x, c.y == tile.y) for tile in tiles))


def _kept_of(row: Row[Any], used_by: frozenset[UsedBy]) -> Kept:
    return Kept(
        image_id=row.id,
        taken_at=row.taken_at,
        stored_at=row.fetched_at,
        clear_share=row.clear_share,
        answered_share=row.clear_share if row.compared_share is None else row.compared_share,
        is_usable=bool(row.is_usable),
        is_settled=bool(row.is_settled),
        is_baseline=bool(row.is_baseline),
        is_apart=bool(row.is_apart),
        has_bands=row.bands_key is not None,
        used_by=used_by,
    )
