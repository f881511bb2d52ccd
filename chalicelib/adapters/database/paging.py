"""Pages out of rows, and lists counted as far as was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, func, literal, select

from chalicelib.domain.paging import Page, PageRequest

V = TypeVar("V")
AnyRow = Row[*tuple[Any, ...]]  # of any number of columns


def counted(connection: Connection, query: Select[Any], request: PageRequest, rows: Sequence[AnyRow]) -> int | None:
    """Count the rows of a query as far as a page asks; None if there are more, or none was asked for.

    `rows` are those of the page and one more: most lists are no longer, and are not asked for again to be counted.
    """
    if request.count_to == 0:
        return None
    is_whole = request.after is None and len(rows) <= request.limit
    if is_whole and (request.count_to is None or len(rows) <= request.count_to):
        return len(rows)
    ones = query.order_by(None).with_only_columns(literal(1).label("one"))
    if request.count_to is not None:
        ones = ones.limit(request.count_to + 1)
    total = int(connection.execute(select(func.count()).select_from(ones.subquery())).scalar_one())
    return None if request.count_to is not None and total > request.count_to else total


def newest(connection: Connection, query: Select[Any], key: Column[Any], request: PageRequest) -> Sequence[AnyRow]:
    """Read a page's rows of a query, and one more, newest first.

    By their ids, which are found alone: to sort a user's years of wide rows, and what each costs to work out, for fifty
    of them would take seconds.
    """
    ids = query.with_only_columns(key).order_by(key.desc()).limit(request.limit + 1)
    found = list(connection.execute(ids).scalars())
    return connection.execute(query.where(key.in_(found)).order_by(key.desc())).all()


def page_of(
    rows: Sequence[AnyRow], request: PageRequest, total: int | None, values: Callable[[Sequence[AnyRow]], list[V]]
) -> Page[V]:
    """Make a page of rows that were asked for with one more than its limit; `values` gives one value for each row."""
    shown = rows[: request.limit]
    keys = [int(row.id) for row in shown]
    return Page(values(shown), total, keys[-1] if len(rows) > request.limit else None, keys)
