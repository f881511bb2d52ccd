"""What uses the stored images of some tiles, and until when they are kept, in the database.

It is read for retention, under the area's lock, and for people: both are told the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, case, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import is_of_pair, shows_once
from chalicelib.adapters.database.holds import standing_on
from chalicelib.adapters.database.references import IS_SETTLED, SAME_GROUND
from chalicelib.domain.changes import Reason
from chalicelib.domain.holds import Hold
from chalicelib.domain.retention import Kept, Policy, Standing, Use, UsedBy, standings
from chalicelib.domain.tiles import Tile

IMAGE, ALERT, DONE, SIGHTING, RUN = (
    t.image_tiles,
    t.alert_details,
    t.comparisons,
    t.place_sightings,
    t.session_tiles.alias("its_run"),  # `IS_SETTLED` asks for other tile runs
)
AT_ONCE = 500  # ids in one statement
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
    standing = standing_on(connection, area_id)
    for sighting in connection.execute(seen):
        _add(uses, UsedBy(Use.PLACE, sighting.place_id), sighting.image_id, sighting.reference_id)
        for hold in standing:
            if hold.place_id is not None and hold.place_id == sighting.place_id:
                _add(uses, UsedBy(Use.HOLD, hold.hold_id), sighting.image_id, sighting.reference_id)
    for hold in standing:
        _hold(connection, uses, hold, rows)
        # With what its images were compared with, as for alerts.
        used = UsedBy(Use.HOLD, hold.hold_id)
        held = [image_id for image_id, of_image in uses.items() if used in of_image]
        for made in _among(connection, select(DONE.c.reference_id), DONE.c.image_id, held):
            _add(uses, used, made.reference_id)
    return uses


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


def _hold(connection: Connection, uses: Uses, hold: Hold, rows: Sequence[Row[Any]]) -> None:
    """Add what a hold on a whole area, or on a session, keeps."""
    used = UsedBy(Use.HOLD, hold.hold_id)
    if hold.session_id is not None:
        looked_at = select(RUN.c.image_id, RUN.c.reference_id).where(RUN.c.session_id == hold.session_id)
        stored = [row.id for row in rows if row.session_id == hold.session_id]
        _add(uses, used, *stored, *(each for run in connection.execute(looked_at) for each in run))
    elif hold.place_id is None:
        _add(uses, used, *(row.id for row in rows))


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
    mine, c = (table.c.area_id == area_id, *also), table.c
    return or_(*(and_(*mine, c.z == tile.z, c.x == tile.x, c.y == tile.y) for tile in tiles))


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
