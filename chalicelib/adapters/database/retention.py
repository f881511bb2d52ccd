"""Images that are kept no longer, in the database.

The row of a dropped image stays: tile runs, comparisons and the history refer to it. It has no object any more, shows
nothing that anything is compared with, and uses no capture. A capture goes with its last use, and its objects with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, exists, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.captures import delete_unused
from chalicelib.adapters.database.engine import writes
from chalicelib.adapters.database.kept_images import standings_on
from chalicelib.adapters.database.paging import AnyRow
from chalicelib.application.ports.retention import Dropped, Retention
from chalicelib.domain.retention import Policy
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tiles import Tile

AREA, SESSION, IMAGE = t.area_configs, t.alert_sessions, t.image_tiles
TILES = 20  # of one transaction
PART = 500  # images that one transaction drops


class Place(NamedTuple):
    """Where a round is: behind a tile of an area, or before the first one.

    >>> str(Place(7, Tile(17, 3, 4))), Place.parse("7/17/3/4") == Place(7, Tile(17, 3, 4)), str(Place.parse(""))
    ('7/17/3/4', True, '0/-1/-1/-1')
    """

    area_id: int
    tile: Tile

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read what `str` writes; nothing is the beginning."""
        area_id, *tile = map(int, (text or "0/-1/-1/-1").split("/"))
        return cls(area_id, Tile(*tile))

    def __str__(self) -> str:
        return "/".join(map(str, (self.area_id, *self.tile)))


class SqlRetention(Retention):
    """The port `Retention`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def drop_some(self, connection: Connection, cursor: str, *, policy: Policy, now: datetime) -> Dropped:
        place = Place.parse(cursor)
        following = select(AREA.c.id).where(AREA.c.id >= place.area_id, AREA.c.deleted_at.is_(None))
        area_id = connection.execute(following.order_by(AREA.c.id).limit(1)).scalar()
        if area_id is None:
            return Dropped(0, [], None)
        behind = str(Place(area_id + 1, Tile(-1, -1, -1)))
        # The area's lock while no session of it is open: nobody looks at its images, and none begins to.
        area = connection.execute(select(AREA).where(AREA.c.id == area_id).with_for_update()).one_or_none()
        if area is None or area.deleted_at is not None or _is_looked_at(connection, area_id):
            return Dropped(0, [], behind)
        after = place.tile if area_id == place.area_id else Tile(-1, -1, -1)
        tiles = tiles_after(connection, area_id, after)
        if not tiles:
            return Dropped(0, [], behind)
        found = standings_on(connection, area, tiles, policy)
        due = sorted(image_id for image_id, standing in found.items() if standing.is_due(now))
        keys = _drop(connection, due[:PART], now=now)
        # Where more is due than one transaction drops, these tiles are looked at again.
        return Dropped(len(due[:PART]), keys, cursor if len(due) > PART else str(Place(area_id, tiles[-1])))


def _is_looked_at(connection: Connection, area_id: int) -> bool:
    is_open = exists().where(SESSION.c.area_id == area_id, SESSION.c.status == SessionStatus.IN_PROGRESS)
    return bool(connection.execute(select(is_open)).scalar())


def tiles_after(connection: Connection, area_id: int, tile: Tile) -> list[Tile]:
    """Return an area's next tiles, by the index.

    In three steps: of all at once SQLite reads an area's images from the first one on, each time.
    """
    (z, x, y), c = tile, IMAGE.c
    tiles: list[Tile] = []
    for is_after in ((c.z == z) & (c.x == x) & (c.y > y), (c.z == z) & (c.x > x), c.z > z):
        query = select(c.z, c.x, c.y).where(c.area_id == area_id, is_after).distinct().order_by(c.z, c.x, c.y)
        tiles += [Tile(*row) for row in connection.execute(query.limit(TILES - len(tiles)))]
        if len(tiles) == TILES:
            break
    return tiles


def _drop(connection: Connection, ids: Sequence[int], *, now: datetime) -> list[str]:
    """Let the images go, and return the keys of objects that nobody uses any more."""
    if not ids:
        return []
    those = IMAGE.c.id.in_(ids)
    rows: Sequence[AnyRow] = connection.execute(select(IMAGE.c.capture_id, IMAGE.c.object_key).where(those)).all()
    gone: dict[str, Any] = {"dropped_at": now, "is_usable": False}
    gone |= {"object_key": "", "bands_key": None, "bands_sha256": None, "capture_id": None}
    connection.execute(update(IMAGE).where(those).values(**gone))
    return _own(connection, rows) + delete_unused(connection, {row.capture_id for row in rows if row.capture_id})


def _own(connection: Connection, rows: Sequence[AnyRow]) -> list[str]:
    """Return the objects of images that are no use of a capture: the first release's, each one area's alone."""
    keys = {row.object_key for row in rows if row.capture_id is None and row.object_key}
    used = select(IMAGE.c.object_key).where(IMAGE.c.object_key.in_(keys))
    return sorted(keys - set(connection.execute(used).scalars())) if keys else []
