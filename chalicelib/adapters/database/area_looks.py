"""How the looks at an area went, in the database: tile by tile, what was compared, and who was told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_rows import PARENTS, ROWS, AreaRows, Children, known
from chalicelib.adapters.database.area_state_table import state_notices as NOTICE  # noqa: N812 (as everywhere)
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.kept_images import on_tiles
from chalicelib.adapters.database.retention import tiles_after
from chalicelib.application.ports.area_contents import Row
from chalicelib.domain.tiles import Tile

SESSION, RUN, IMAGE, DONE, PUSH = t.alert_sessions, t.session_tiles, t.image_tiles, t.comparisons, t.deliveries
MOST_RUNS = 10_000  # whose ids are read at once, unless one session has more
_AT_WORK = ("fence", "lease_until", "attempts", "retry_at")  # of who has it in hand
OF_RUN = tuple(c for c in RUN.c if c.name not in _AT_WORK)
OF_PUSH = tuple(c for c in PUSH.c if c.name not in ("address", "address_hash", "lease_until"))  # who has it may push


class SqlAreaLooks(AreaRows):
    """The part of the port `AreaContents` that is of what was done."""

    def tiles(self, area_id: int) -> Iterator[Row]:
        """Yield what came of each tile of each session."""
        after = 0
        while sessions := self._sessions(area_id, after):
            # Their ids first: in the order of these no index has a session's tiles, and one may have 65,000.
            ids = self._run_ids(sessions)
            for begin in range(0, len(ids), ROWS):
                yield from self._runs(ids[begin : begin + ROWS])
            after = sessions[-1]

    def comparisons(self, area_id: int) -> Iterator[Row]:
        """Yield what its images were compared with, tile by tile, with what was seen and told to nobody."""
        children, after = Children(DONE, "image_id", tuple(DONE.c)), Tile(-1, -1, -1)
        while found := self._on_next_tiles(area_id, after):
            ids, after = found
            for begin in range(0, len(ids), PARENTS):
                for row in self.children_among(children, ids[begin : begin + PARENTS]):
                    yield row | {"ignored": row["ignored"] or []}

    def pushes(self, area_id: int, *, user_id: int) -> Iterator[Row]:
        """Yield who was told of it: of what its sessions found, then of how it stands."""
        for row in self.children_of(SESSION, Children(PUSH, "session_id", OF_PUSH), area_id):
            if row["notice_id"] is None:  # others are of what is told of several areas, one session of which has them
                yield row | {"notice": None}
        after = 0
        while notices := self._notices(user_id, after):
            told = {row["id"]: entry for row in notices for entry in row["areas"] if entry["area_id"] == area_id}
            for row in self.children_among(Children(PUSH, "notice_id", OF_PUSH), sorted(told)) if told else ():
                entry = told[row["notice_id"]]
                news = {name: value for name, value in entry.items() if name not in ("area_id", "session_id", "before")}
                yield row | {"session_id": entry["session_id"], "notice": news}
            after = notices[-1]["id"]

    @reads
    def _sessions(self, connection: Connection, area_id: int, after: int) -> list[int]:
        """Return an area's next sessions: so many as have not too many tiles, and at least one."""
        query = select(SESSION.c.id, SESSION.c.tiles_planned).where(SESSION.c.area_id == area_id, SESSION.c.id > after)
        ids: list[int] = []
        tiles = 0
        for row in connection.execute(query.order_by(SESSION.c.id).limit(PARENTS)):
            tiles += row.tiles_planned
            if ids and tiles > MOST_RUNS:
                break
            ids.append(row.id)
        return ids

    @reads
    def _run_ids(self, connection: Connection, session_ids: Sequence[int]) -> list[int]:
        rows = connection.execute(select(RUN.c.session_id, RUN.c.id).where(RUN.c.session_id.in_(session_ids)))
        return [run_id for _, run_id in sorted(map(tuple, rows))]

    @reads
    def _runs(self, connection: Connection, ids: Sequence[int]) -> list[Row]:
        return known(connection, select(*OF_RUN).where(RUN.c.id.in_(ids)).order_by(RUN.c.session_id, RUN.c.id))

    @reads
    def _on_next_tiles(self, connection: Connection, area_id: int, after: Tile) -> tuple[list[int], Tile] | None:
        """Return the ids of the images on an area's next tiles, and the last of these; None where there are no more."""
        tiles = tiles_after(connection, area_id, after)
        if not tiles:
            return None
        here = select(IMAGE.c.id).where(on_tiles(IMAGE, area_id, tiles)).order_by(IMAGE.c.id)
        return list(connection.execute(here).scalars()), tiles[-1]

    @reads
    def _notices(self, connection: Connection, user_id: int, after: int) -> list[dict[str, Any]]:
        query = select(NOTICE.c.id, NOTICE.c.areas).where(NOTICE.c.user_id == user_id, NOTICE.c.id > after)
        return known(connection, query.order_by(NOTICE.c.id))
