"""Lists of areas, in the database: each answer takes the same few statements, of however many areas."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import is_of_its_land
from chalicelib.adapters.database.area_states import OF_ITS_LAND, standing_of
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.owned import NEWEST
from chalicelib.adapters.database.paging import Listing, counted
from chalicelib.adapters.database.rows import area_of, readable, session_of
from chalicelib.adapters.database.session_summaries import count_verdicts
from chalicelib.application.ports.area_lists import AreaLists
from chalicelib.domain.area_lists import MOST_COUNTED, AreaFilter, AreaLook, AreaOrder, Attention, AttentionCounts
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.areas import Area
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.places import PlaceState
from chalicelib.domain.sessions import Session, SessionStatus

AREA, STATE, SESSION, PLACE = t.area_configs, t.area_states, t.alert_sessions, t.places
RANKS = {attention: rank for rank, attention in enumerate(Attention)}
ID_BITS = 56  # of a cursor, below the rank: no id needs more
_NO_LOOK = AreaLook(standing=None, attention=Attention.NOT_LOOKED_AT, latest=None, latest_change=None, open_places=0)
_NEWEST_OF_STATUS = "FORCE INDEX (ix_alert_sessions_area_id_status_id)"


def _newest(hint: str, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    of_area = select(column).where(SESSION.c.area_id == AREA.c.id, SESSION.c.two_dates.is_(None), *conditions)
    newest = of_area.order_by(SESSION.c.id.desc()).limit(1).with_hint(SESSION, hint, "mysql")
    return newest.correlate(AREA).scalar_subquery()


_is_open_there = (PLACE.c.area_id == AREA.c.id) & (PLACE.c.state == PlaceState.OPEN) & PLACE.c.merged_into_id.is_(None)
_open = select(PLACE.c.id).where(_is_open_there).correlate(AREA)
_has_open = _open.exists()
_OPEN_PLACES = case(  # an area may have a hundred thousand: no further than is said
    (_open.offset(MOST_COUNTED - 1).limit(1).scalar_subquery().is_not(None), MOST_COUNTED),
    else_=select(func.count()).where(_is_open_there).correlate(AREA).scalar_subquery(),
)
_latest_status = _newest(NEWEST, SESSION.c.status, is_of_its_land(SESSION.c.id))
_RANK = case(
    # Accepted since, and no place is open: what it found is settled.
    ((STATE.c.state == AreaState.CHANGED) & (_has_open | AREA.c.baseline_at.is_(None)), RANKS[Attention.CHANGED]),
    (STATE.c.state == AreaState.FAILING, RANKS[Attention.FAILING]),
    (STATE.c.state == AreaState.BLIND, RANKS[Attention.BLIND]),
    (STATE.c.state == AreaState.PARTLY_BLIND, RANKS[Attention.PARTLY_BLIND]),
    (_latest_status == SessionStatus.ERROR, RANKS[Attention.FAILING]),  # or it was not even begun
    (_has_open, RANKS[Attention.UNSETTLED]),
    (STATE.c.area_id.is_(None), RANKS[Attention.NOT_LOOKED_AT]),
    else_=RANKS[Attention.NONE],
)
_WITH_STATE = AREA.outerjoin(STATE, OF_ITS_LAND)
_RANKED = select(AREA, _RANK.label("rank")).select_from(_WITH_STATE)
# The rank is worked out of an area's sessions and places: not where it neither sorts nor filters.
_ALL = Listing.oldest_first(
    select(AREA).where(AREA.c.user_id == bindparam("owner"), AREA.c.deleted_at.is_(None)), AREA.c.id
)
_is_change = SESSION.c.status == SessionStatus.CHANGES_DETECTED
_LOOKS = (
    select(
        AREA.c.id,
        _RANK.label("rank"),
        _newest(NEWEST, SESSION.c.id).label("latest_id"),
        _newest(_NEWEST_OF_STATUS, SESSION.c.id, _is_change).label("change_id"),
        _OPEN_PLACES.label("open_places"),
        *(column for column in STATE.c if column is not STATE.c.session_id),
    )
    .select_from(_WITH_STATE)
    .where(AREA.c.id.in_(bindparam("areas", expanding=True)))
)
_SESSIONS = select(*(column for column in SESSION.c if column is not SESSION.c.further_failures)).where(
    SESSION.c.id.in_(bindparam("sessions", expanding=True))
)


class SqlAreaLists(AreaLists):
    """The port `AreaLists`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, wanted: AreaFilter, page: PageRequest) -> Page[Area]:
        return _of_user(connection, user_id, wanted, page)

    @override
    @reads
    def looked_at(
        self, connection: Connection, user_id: int, *, wanted: AreaFilter, page: PageRequest
    ) -> Page[tuple[Area, AreaLook]]:
        found = _of_user(connection, user_id, wanted, page)
        looks = _looks(connection, [area.area_id for area in found.items])
        # One that was deleted between the two has no look any more.
        return found.shown(lambda area: (area, looks.get(area.area_id, _NO_LOOK)))

    @override
    @reads
    def counts(self, connection: Connection, user_id: int) -> AttentionCounts:
        rank = _RANK.label("rank")
        ranked = select(rank).select_from(_WITH_STATE).where(_is_of(user_id)).subquery()
        by_rank = connection.execute(select(ranked.c.rank, func.count().label("areas")).group_by(ranked.c.rank))
        words = list(Attention)
        by_attention = {words[row.rank]: int(row.areas) for row in by_rank}
        of_user = select(func.count()).select_from(AREA.join(SESSION, SESSION.c.open_area_id == AREA.c.id))
        running = connection.execute(of_user.where(_is_of(user_id))).scalar_one()
        return AttentionCounts(sum(by_attention.values()), int(running), by_attention)


def _of_user(connection: Connection, user_id: int, wanted: AreaFilter, page: PageRequest) -> Page[Area]:
    if wanted == AreaFilter():
        rows, total = _ALL.read(connection, page, {"owner": user_id})
    else:
        query = _RANKED.where(_is_of(user_id), *_conditions(wanted))
        rows = connection.execute(_after(query, wanted.order, page.after).limit(page.limit + 1)).all()
        total = counted(connection, query, page, rows)
    found = readable(rows[: page.limit], lambda row: (area_of(row), _key(row, wanted.order)))
    following = _key(rows[page.limit - 1], wanted.order) if len(rows) > page.limit else None
    return Page([area for area, _ in found], total, following, [key for _, key in found])


def _looks(connection: Connection, area_ids: list[int]) -> dict[int, AreaLook]:
    found = connection.execute(_LOOKS, {"areas": area_ids}).all() if area_ids else []
    wanted = {number for row in found for number in (row.latest_id, row.change_id) if number is not None}
    sessions = _sessions(connection, list(wanted))
    words = list(Attention)
    return {
        row.id: AreaLook(
            standing=standing_of(row) if row.state is not None else None,
            attention=words[row.rank],
            latest=sessions.get(row.latest_id),
            latest_change=sessions.get(row.change_id),
            open_places=row.open_places,
        )
        for row in found
    }


def _is_of(user_id: int) -> ColumnElement[bool]:
    return (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)


def _conditions(wanted: AreaFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.search:
        conditions.append(or_(*_holds(AREA.c.name, wanted.search), *_in_tags(wanted.search)))
    if wanted.attention:
        conditions.append(_RANK.in_(sorted(RANKS[each] for each in wanted.attention)))
    if wanted.ids:
        conditions.append(AREA.c.id.in_(wanted.ids))
    return conditions


def _holds(text: ColumnElement[str], search: str) -> list[ColumnElement[bool]]:
    # As it is written as well: SQLite knows the small letters of ASCII alone.
    small = func.lower(text).contains(search.lower(), autoescape=True)
    return [text.contains(search, autoescape=True), small]


def _in_tags(search: str) -> list[ColumnElement[bool]]:
    tags = cast(AREA.c.tags, Text)
    # As JSON is written: by us with ASCII alone; by a MySQL that reads what it stores, in letters.
    written = {json.dumps(search, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    return [condition for each in sorted(written) for condition in _holds(tags, each)]


def _after(query: Select[Any], order: AreaOrder, after: int | None) -> Select[Any]:
    if order is AreaOrder.OLDEST:
        return query.where(AREA.c.id > (after or 0)).order_by(AREA.c.id)
    if after is not None:
        rank, area_id = after >> ID_BITS, after & ((1 << ID_BITS) - 1)
        query = query.where(or_(rank < _RANK, and_(_RANK.in_([rank]), AREA.c.id > area_id)))
    return query.order_by(_RANK, AREA.c.id)


def _key(row: Row[Any], order: AreaOrder) -> int:
    return int(row.id if order is AreaOrder.OLDEST else row.rank << ID_BITS | row.id)


def _sessions(connection: Connection, session_ids: list[int]) -> dict[int, Session]:
    rows = connection.execute(_SESSIONS, {"sessions": session_ids}).all() if session_ids else []
    running = [row.id for row in rows if row.summary is None]
    counts = count_verdicts(connection, running) if running else {}
    return {row.id: session_of(row, _summary(row, counts.get(row.id, {}))) for row in rows}


def _summary(row: Row[Any], counts: dict[str, int]) -> dict[str, Any]:
    known = row.summary or {"counts": counts, "clear_share": None, "newest_captured_at": None}
    return {**known, "failures": []}
