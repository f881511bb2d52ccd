"""The history of images and their pins, in the database: each only for the owner of the area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.kept_images import standings_on
from chalicelib.adapters.database.owned import ONE_AREA, owned_area
from chalicelib.adapters.database.paging import AnyRow, counted, page_of
from chalicelib.adapters.database.references import NEWEST_FIRST
from chalicelib.adapters.database.rows import image_of, tile_of
from chalicelib.application.ports.image_history import ImageHistory
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.image_history import ImageFilter, PastImage, Pin, StoredTotals
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.retention import Policy, Standing

IMAGE = t.image_tiles
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class SqlImageHistory(ImageHistory):
    """The port `ImageHistory`."""

    def __init__(self, engine: Engine, *, policy: Policy) -> None:
        self.engine = engine
        self._policy = policy

    @override
    @reads
    def of_area(
        self, connection: Connection, area_id: int, *, user_id: int, wanted: ImageFilter, page: PageRequest
    ) -> Page[PastImage]:
        area = _area(connection, area_id, user_id)
        query = select(IMAGE).where(IMAGE.c.area_id == area_id, *_conditions(wanted))
        behind = query
        if page.after is not None:
            is_it = (IMAGE.c.area_id == area_id) & (IMAGE.c.id == page.after)
            last = connection.execute(select(IMAGE.c.taken_at).where(is_it)).scalar() or _END_OF_TIME
            # In two steps, so that the index leads to the time.
            is_older = (IMAGE.c.taken_at < last) | (IMAGE.c.id < page.after)
            behind = query.where(IMAGE.c.taken_at <= last, is_older)
        rows = connection.execute(behind.order_by(*NEWEST_FIRST).limit(page.limit + 1)).all()
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: self._shown(connection, area, shown))

    @override
    @reads
    def totals(self, connection: Connection, area_id: int, *, user_id: int) -> StoredTotals:
        _area(connection, area_id, user_id)
        is_stored, is_pinned = IMAGE.c.dropped_at.is_(None), IMAGE.c.pinned_at.is_not(None)
        bytes_of = case((is_stored, IMAGE.c.size_bytes), else_=0)
        sums = [func.sum(case((each, 1), else_=0)) for each in (is_stored, is_pinned, ~is_stored)]
        query = select(func.sum(bytes_of), *sums).where(IMAGE.c.area_id == area_id)
        size_bytes, images, pinned, dropped = (int(each or 0) for each in connection.execute(query).one())
        return StoredTotals(images=images, size_bytes=size_bytes, pinned=pinned, dropped=dropped)

    @override
    @writes
    def pin(self, connection: Connection, image_id: int, *, user_id: int, reason: str, now: datetime) -> PastImage:
        area, row = _locked(connection, image_id, user_id)
        if row.dropped_at is not None:
            raise Conflict(f"image {image_id} was dropped on {row.dropped_at:%Y-%m-%d}: its picture is gone")
        pinned = {"pinned_at": now, "pin_reason": reason}
        connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**pinned))
        (shown,) = self._shown(
            connection, area, [connection.execute(select(IMAGE).where(IMAGE.c.id == image_id)).one()]
        )
        return shown

    @override
    @writes
    def unpin(self, connection: Connection, image_id: int, *, user_id: int) -> None:
        _locked(connection, image_id, user_id)
        freed = {"pinned_at": None, "pin_reason": None}
        connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**freed))

    def _shown(self, connection: Connection, area: Row[Any], rows: Sequence[AnyRow]) -> list[PastImage]:
        tiles = {tile_of(row) for row in rows if row.dropped_at is None}
        found = standings_on(connection, area, tiles, self._policy) if tiles else {}
        return [_past_image_of(row, found.get(row.id)) for row in rows]


def _area(connection: Connection, area_id: int, user_id: int) -> Row[Any]:
    area = connection.execute(ONE_AREA, {"wanted": area_id, "owner": user_id}).one_or_none()
    if area is None:
        raise NotFound(f"there is no area {area_id}")
    return area


def _locked(connection: Connection, image_id: int, user_id: int) -> tuple[Row[Any], Row[Any]]:
    """Lock a user's area and return it with an image of it: retention has dropped the image before, or never will."""
    of_image = select(IMAGE.c.area_id).where(IMAGE.c.id == image_id)
    area_id = connection.execute(of_image).scalar()
    area = connection.execute(owned_area(area_id or 0, user_id).with_for_update()).one_or_none()
    row = connection.execute(select(IMAGE).where(IMAGE.c.id == image_id)).one_or_none()
    if area is None or row is None:
        raise NotFound(f"there is no image {image_id}")
    return area, row


def _conditions(wanted: ImageFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.tile is not None:
        conditions += [IMAGE.c[name] == value for name, value in zip("zxy", wanted.tile, strict=True)]
    if wanted.since is not None:
        conditions.append(IMAGE.c.taken_at >= wanted.since)
    if wanted.before is not None:
        conditions.append(IMAGE.c.taken_at < wanted.before)
    if wanted.provider is not None:
        conditions.append(IMAGE.c.provider == wanted.provider)
    if wanted.clear_share_min is not None:
        conditions.append(IMAGE.c.clear_share >= wanted.clear_share_min)
    if wanted.is_pinned is not None:
        conditions.append(IMAGE.c.pinned_at.is_not(None) if wanted.is_pinned else IMAGE.c.pinned_at.is_(None))
    return conditions


def _past_image_of(row: AnyRow, standing: Standing | None) -> PastImage:
    pin = None if row.pinned_at is None else Pin(pinned_at=row.pinned_at, reason=row.pin_reason or "")
    return PastImage(
        image=image_of(row), size_bytes=row.size_bytes, pin=pin, dropped_at=row.dropped_at, standing=standing
    )
