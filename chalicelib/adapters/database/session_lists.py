"""Lists of sessions, in the database. Their statements are made once, and decode no more of a row than a list shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, Connection, bindparam, func

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.owned import owned_sessions
from chalicelib.adapters.database.paging import AnyRow, Listing, page_of
from chalicelib.adapters.database.rows import session_of
from chalicelib.adapters.database.session_summaries import count_verdicts, summarise
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.sessions import FAILURES_LISTED, Session

SESSION = t.alert_sessions
_MINE = owned_sessions(bindparam("owner"))
# By their ids, which are found alone: to sort years of wide rows for the sake of fifty would take seconds.
_OF_USER = Listing.newest_first(_MINE.with_only_columns(SESSION.c.id), SESSION.c.id)
_OF_AREA = Listing.newest_first(
    owned_sessions(bindparam("owner"), bindparam("area")).with_only_columns(SESSION.c.id), SESSION.c.id
)
# A summary has a hundred failures, which take longer to decode than all else of the row.
_FIRST = [f"$.failures[{number}]" for number in range(FAILURES_LISTED)]
_SHOWN = _MINE.with_only_columns(
    *(column for column in SESSION.c if column is not SESSION.c.summary),
    func.json_remove(SESSION.c.summary, "$.failures", type_=JSON).label("summary"),
    func.json_extract(SESSION.c.summary, *_FIRST, type_=JSON).label("first_failures"),
).where(SESSION.c.id.in_(bindparam("ids", expanding=True)))


def sessions_of_user(
    connection: Connection, user_id: int, *, page: PageRequest, area_id: int | None = None
) -> Page[Session]:
    """Return a page of the sessions of a user's areas, or of one area, newest first; of each its first failures."""
    owner = {"owner": user_id}
    listing, given = (_OF_USER, owner) if area_id is None else (_OF_AREA, owner | {"area": area_id})
    found, total = listing.read(connection, page, given)
    ids = [row.id for row in found]
    rows = connection.execute(_SHOWN, owner | {"ids": ids}).all() if ids else []
    rows = sorted(rows, key=lambda row: int(row.id), reverse=True)
    return page_of(rows, page, total, lambda shown: _sessions(connection, shown))


def _sessions(connection: Connection, rows: Sequence[AnyRow]) -> list[Session]:
    running = [row.id for row in rows if row.summary is None]
    counts = count_verdicts(connection, running) if running else {}
    return [session_of(row, _summary(connection, row, counts)) for row in rows]


def _summary(connection: Connection, row: AnyRow, counts: dict[int, dict[str, int]]) -> dict[str, Any]:
    if row.summary is None:
        whole = summarise(connection, row.id, counts.get(row.id, {}))
        return whole | {"failures": whole["failures"][:FAILURES_LISTED]}
    # SQLite says null for each that is not there, and MySQL nothing, also where there is none.
    first = [failure for failure in row.first_failures or () if failure is not None]
    return {**row.summary, "failures": first}
