"""Lists of sessions, in the database. They decode no more of a row than a list shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.owned import owned_sessions
from chalicelib.adapters.database.paging import AnyRow, Listing, page_of
from chalicelib.adapters.database.rows import session_of
from chalicelib.adapters.database.session_summaries import count_verdicts, summarise
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.sessions import FAILURES_LISTED, Session

SESSION = t.alert_sessions
_SHOWN = select(*(column for column in SESSION.c if column is not SESSION.c.further_failures))


def _listing(mine: Select[Any]) -> Listing:
    return Listing.newest_first(mine.with_only_columns(SESSION.c.id), SESSION.c.id, shown=_SHOWN)


_OF_USER = _listing(owned_sessions(bindparam("owner")))
_OF_AREA = _listing(owned_sessions(bindparam("owner"), bindparam("area")))


def sessions_of_user(
    connection: Connection, user_id: int, *, page: PageRequest, area_id: int | None = None
) -> Page[Session]:
    """Return a page of the sessions of a user's areas, or of one area, newest first; of each its first failures."""
    owner = {"owner": user_id}
    listing, given = (_OF_USER, owner) if area_id is None else (_OF_AREA, owner | {"area": area_id})
    rows, total = listing.read(connection, page, given)
    return page_of(rows, page, total, lambda shown: _sessions(connection, shown))


def _sessions(connection: Connection, rows: Sequence[AnyRow]) -> list[Session]:
    running = [row.id for row in rows if row.summary is None]
    counts = count_verdicts(connection, running) if running else {}
    return [session_of(row, _summary(connection, row, counts)) for row in rows]


def _summary(connection: Connection, row: AnyRow, counts: dict[int, dict[str, int]]) -> dict[str, Any]:
    known = row.summary or summarise(connection, row.id, counts.get(row.id, {}))
    return {**known, "failures": known["failures"][:FAILURES_LISTED]}  # a release before kept a hundred there
