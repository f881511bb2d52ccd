"""Files on their way to layers, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import layer_writing
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.layer_rows import import_of, options_text, said_of, text_of
from chalicelib.adapters.database.outbox import post
from chalicelib.application.ports.layer_imports import LayerImports
from chalicelib.domain.errors import Busy, Conflict, LimitReached, NotFound
from chalicelib.domain.jobs import ImportJob, Message, Queue
from chalicelib.domain.layer_imports import (
    GIVEN_UP,
    ImportClaim,
    ImportOptions,
    ImportState,
    LayerImport,
    NewImport,
    Preview,
    Problem,
)
from chalicelib.domain.layers import Extent, LayerSource, LayerVersion, NewParcel

IMPORT = t.layer_imports
AT_WORK = (ImportState.READING, ImportState.KEEPING)


class SqlLayerImports(LayerImports):
    """The port `LayerImports`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def add(self, connection: Connection, new: NewImport, *, now: datetime, most_waiting: int) -> LayerImport:
        # Under the user's lock: of several at once none passes the limit.
        connection.execute(select(t.users.c.id).where(t.users.c.id == new.user_id).with_for_update())
        his = (IMPORT.c.user_id == new.user_id) & (IMPORT.c.state != ImportState.KEPT)
        if connection.execute(select(func.count()).where(his)).scalar_one() >= most_waiting:
            raise LimitReached(
                f"{most_waiting} files wait to be kept already: keep one, or wait a day until they are forgotten",
                retry_after_s=3600,
            )
        kind = layer_writing.kind_for(connection, new.layer_id, new.user_id, None)
        import_id = insert_row(
            connection,
            IMPORT,
            user_id=new.user_id,
            state=ImportState.WAITING,
            object_key=new.object_key,
            file_name=new.file_name,
            options=options_text(ImportOptions(kind=kind), ""),
            created_at=now,
            layer_id=new.layer_id,
        )
        return import_of(connection.execute(select(IMPORT).where(IMPORT.c.id == import_id)).one())

    @override
    @reads
    def get(self, connection: Connection, import_id: int, *, user_id: int) -> LayerImport:
        row = connection.execute(_owned(import_id, user_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no import {import_id}")
        return import_of(row)

    @override
    @reads
    def to_drop(self, connection: Connection, *, user_id: int, most_waiting: int) -> list[LayerImport]:
        his = select(IMPORT).where(IMPORT.c.user_id == user_id, IMPORT.c.state != ImportState.KEPT)
        waiting = [import_of(row) for row in connection.execute(his.order_by(IMPORT.c.created_at, IMPORT.c.id))]
        failed = [each for each in waiting if each.state is ImportState.FAILED]
        return failed[: max(0, len(waiting) + 1 - most_waiting)]

    @override
    @writes
    def expect(self, connection: Connection, import_id: int, *, user_id: int) -> None:
        _check_is_open(_locked(connection, import_id, user_id))
        # Another fence, as in `_order`; and no preview: what is kept is what was looked at.
        values = {"state": ImportState.WAITING, "preview": None, "problem": None, "lease_until": None}
        again = update(IMPORT).where(IMPORT.c.id == import_id)
        connection.execute(again.values(fence=IMPORT.c.fence + 1, **values))

    @override
    @writes
    def read(
        self, connection: Connection, import_id: int, *, user_id: int, options: ImportOptions, now: datetime
    ) -> list[Message]:
        given = _locked(connection, import_id, user_id)
        _check_is_open(given)
        kind = layer_writing.kind_for(connection, given.layer_id, user_id, options.kind)
        said = options_text(replace(options, kind=kind), given.name)
        values = {"options": said, "preview": None, "problem": None, "lease_until": None}
        return _order(connection, given, ImportState.READING, now, **values)

    @override
    @writes
    def keep(
        self, connection: Connection, import_id: int, *, user_id: int, name: str, now: datetime, most_layers: int
    ) -> list[Message]:
        # The user's lock first, as in `add`: of several that are kept at once none passes the limit.
        connection.execute(select(t.users.c.id).where(t.users.c.id == user_id).with_for_update())
        given = _locked(connection, import_id, user_id)
        if given.state in (ImportState.KEEPING, ImportState.KEPT):
            return []
        if given.state is not ImportState.READY:
            raise Conflict("this file is not ready to be kept: have it read, and look at its preview first")
        if given.layer_id is not None:
            layer_writing.check_version(connection, given)
        elif layer_writing.count_layers(connection, user_id) >= most_layers:
            raise Conflict(f"you keep {most_layers} layers already: delete one first, or make this a version of one")
        values = {"options": options_text(given.options, name), "lease_until": None}
        return _order(connection, given, ImportState.KEEPING, now, **values)

    @override
    @writes
    def claim(self, connection: Connection, import_id: int, *, now: datetime, lease_s: float) -> ImportClaim | None:
        row = connection.execute(select(IMPORT).where(IMPORT.c.id == import_id).with_for_update()).one_or_none()
        if row is None or row.state not in AT_WORK:
            return None
        if row.lease_until is not None and row.lease_until > now:
            raise Busy(f"import {import_id} is held until {row.lease_until}")
        if row.lease_until is not None and row.state == ImportState.READING:
            # Whoever held it was heard of no more. Somebody waits for the preview: it is not killed again and again.
            gone = {"state": ImportState.FAILED, "problem": text_of(Problem(GIVEN_UP)), "lease_until": None}
            connection.execute(update(IMPORT).where(IMPORT.c.id == import_id).values(**gone))
            return None
        values = {"fence": row.fence + 1, "lease_until": now + timedelta(seconds=lease_s)}
        connection.execute(update(IMPORT).where(IMPORT.c.id == import_id).values(**values))
        return ImportClaim(given=import_of(row), fence=row.fence + 1)

    @override
    @writes
    def show(self, connection: Connection, claim: ImportClaim, preview: Preview) -> None:
        _end(connection, claim, state=ImportState.READY, preview=text_of(said_of(preview)))

    @override
    @writes
    def fail(self, connection: Connection, claim: ImportClaim, problem: Problem) -> None:
        _end(connection, claim, state=ImportState.FAILED, problem=text_of(problem))

    @override
    @writes
    def release(self, connection: Connection, claim: ImportClaim) -> None:
        connection.execute(update(IMPORT).where(_is_mine(claim)).values(lease_until=None))

    @override
    @writes
    def give_up(self, connection: Connection, import_id: int, problem: Problem) -> None:
        is_at_work = (IMPORT.c.id == import_id) & IMPORT.c.state.in_(AT_WORK)
        values = {"state": ImportState.FAILED, "problem": text_of(problem), "fence": IMPORT.c.fence + 1}
        connection.execute(update(IMPORT).where(is_at_work).values(**values, lease_until=None))

    @override
    @writes
    def begin_version(
        self,
        connection: Connection,
        claim: ImportClaim,
        source: LayerSource,
        *,
        name: str,
        now: datetime,
        lease_s: float,
    ) -> LayerVersion:
        if connection.execute(select(IMPORT.c.id).where(_is_mine(claim)).with_for_update()).first() is None:
            raise Busy(f"import {claim.given.import_id} is another worker's")
        version = layer_writing.begin(connection, claim.given, source, name=name, now=now, lease_s=lease_s)
        values = {"layer_version_id": version.version_id}
        connection.execute(update(IMPORT).where(_is_mine(claim)).values(**values))
        return version

    @override
    @writes
    def add_parcels(
        self,
        connection: Connection,
        version: LayerVersion,
        parcels: Sequence[NewParcel],
        *,
        now: datetime,
        lease_s: float,
    ) -> int:
        return layer_writing.add(connection, version, parcels, now=now, lease_s=lease_s)

    @override
    @writes
    def end_version(
        self, connection: Connection, claim: ImportClaim, version: LayerVersion, extent: Extent, *, levels: int
    ) -> None:
        _end(connection, claim, state=ImportState.KEPT, layer_id=version.layer_id)
        layer_writing.end(connection, version, extent, levels=levels)

    @override
    @reads
    def abandoned(self, connection: Connection, *, before: datetime, limit: int) -> list[LayerImport]:
        found: list[LayerImport] = []
        for state in ImportState:
            query = select(IMPORT).where(IMPORT.c.state == state, IMPORT.c.created_at < before)
            found += [import_of(row) for row in connection.execute(query.limit(limit - len(found)))]
        return found

    @override
    @writes
    def forget(self, connection: Connection, import_ids: Sequence[int]) -> None:
        connection.execute(delete(IMPORT).where(IMPORT.c.id.in_(import_ids)))


def _owned(import_id: int, user_id: int) -> Any:  # noqa: ANN401 (a statement)
    return select(IMPORT).where(IMPORT.c.id == import_id, IMPORT.c.user_id == user_id)


def _locked(connection: Connection, import_id: int, user_id: int) -> LayerImport:
    row = connection.execute(_owned(import_id, user_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"there is no import {import_id}")
    return import_of(row)


def _check_is_open(given: LayerImport) -> None:
    if given.state in (ImportState.KEEPING, ImportState.KEPT):
        raise Conflict("this file is kept already: import it again to make a new version")


def _order(
    connection: Connection, given: LayerImport, state: ImportState, now: datetime, **values: object
) -> list[Message]:
    # Another fence: what a worker still does on an earlier order is not written.
    again = update(IMPORT).where(IMPORT.c.id == given.import_id)
    connection.execute(again.values(state=state, fence=IMPORT.c.fence + 1, **values))
    return post(connection, Queue.IMPORTS, ImportJob(import_id=given.import_id), now=now)


def _is_mine(claim: ImportClaim) -> ColumnElement[bool]:
    return (IMPORT.c.id == claim.given.import_id) & (IMPORT.c.fence == claim.fence) & IMPORT.c.state.in_(AT_WORK)


def _end(connection: Connection, claim: ImportClaim, **values: object) -> None:
    if not connection.execute(update(IMPORT).where(_is_mine(claim)).values(lease_until=None, **values)).rowcount:
        raise Busy(f"import {claim.given.import_id} is another worker's")
