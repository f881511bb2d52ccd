"""Pages out of rows, and lists counted as far as was asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, bindparam, func, literal, select

from chalicelib.domain.paging import Page, PageRequest

V = TypeVar("V")
AnyRow = Row[*tuple[Any, ...]]  # of any number of columns
ALL = 2**62  # more rows than there are


def counted(connection: Connection, query: Select[Any], request: PageRequest, rows: Sequence[AnyRow]) -> int | None:
    """Count the rows of a query as far as a page asks; None if there are more, or none was asked for.

    `rows` are those of the page and one more: most lists are no longer, and are not asked for again to be counted.
    """
    if request.count_to == 0:
        return None
    if _is_counted(request, rows):
        return len(rows)
    ones = query.order_by(None).with_only_columns(literal(1).label("one"))
    if request.count_to is not None:
        ones = ones.limit(request.count_to + 1)
    total = int(connection.execute(select(func.count()).select_from(ones.subquery())).scalar_one())
    return None if request.count_to is not None and total > request.count_to else total


class Listing:
    """A list whose statements are made once: to make one takes as long as to run it.

    `query` has parameters of its own, which `given` fills in. The rows of `counted` are as many: another way to them.
    With `shown`, the query finds keys alone, and that says what is read of them: to sort a user's years of wide rows,
    and what each costs to work out, for fifty of them would take seconds.
    """

    @classmethod
    def newest_first(cls, query: Select[Any], key: Column[Any], *, shown: Select[Any] | None = None) -> Listing:
        """List the rows by their key, the largest first."""
        whole = None if shown is None else (lambda found: _joined(shown, key, found))
        return cls(query, (key.desc(),), key < bindparam("beyond"), whole=whole)

    @classmethod
    def oldest_first(cls, query: Select[Any], key: Column[Any]) -> Listing:
        """List the rows by their key, the smallest first."""
        return cls(query, (key,), key > bindparam("beyond"))

    def __init__(
        self,
        query: Select[Any],
        order: tuple[ColumnElement[Any], ...],
        beyond: ColumnElement[bool],
        *,
        counted: Select[Any] | None = None,
        whole: Callable[[Select[Any]], Select[Any]] | None = None,
    ) -> None:
        ones = (
            (query if counted is None else counted)
            .with_only_columns(literal(1).label("one"))
            .limit(bindparam("counted_to"))
            .subquery()
        )
        self._count = select(func.count()).select_from(ones)
        whole = whole or (lambda found: found)
        first, later = (whole(each.order_by(*order).limit(bindparam("most"))) for each in (query, query.where(beyond)))
        self._first, self._later = first, later
        # With its rows, as one answer to wait for: a database works it out once.
        listed = self._count.scalar_subquery().label("listed")
        self._first_counted, self._later_counted = first.add_columns(listed), later.add_columns(listed)

    def read(
        self, connection: Connection, request: PageRequest, given: dict[str, Any]
    ) -> tuple[Sequence[AnyRow], int | None]:
        """Read a page's rows and one more, and count the list as far as the page asks; None as `counted` says."""
        asked = given | {"most": request.limit + 1}
        if request.after is not None:
            asked["beyond"] = request.after
        if request.count_to == 0:
            rows = connection.execute(self._first if request.after is None else self._later, asked).all()
            return rows, None
        counts = {"counted_to": 1 + (ALL if request.count_to is None else request.count_to)}
        query = self._first_counted if request.after is None else self._later_counted
        rows = connection.execute(query, asked | counts).all()
        if rows:
            total = int(rows[0].listed)
        else:  # there is nothing to count, or the page is behind all of it
            total = 0 if request.after is None else int(connection.execute(self._count, given | counts).scalar_one())
        return rows, total if total < counts["counted_to"] else None


def _joined(shown: Select[Any], key: Column[Any], found: Select[Any]) -> Select[Any]:
    keys = found.subquery("found")
    return shown.join(keys, keys.c[key.name] == key).order_by(keys.c[key.name].desc())


class Part:
    """Columns that are read beside those of another table with the same names: behind so many, under names of ours."""

    def __init__(self, word: str, columns: Sequence[Column[Any]], *, after: int) -> None:
        self.columns = [column.label(f"{word}_{place}") for place, column in enumerate(columns)]
        self._place = slice(after, after + len(columns))
        named: Any = NamedTuple  # of names that the table alone knows
        self._make = named("PartOfRow", [(column.name, object) for column in columns])._make

    def of(self, row: AnyRow) -> Any:  # noqa: ANN401 (it has their names)
        """Return them as a row of their own table."""
        return self._make(row[self._place])


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


def _is_counted(request: PageRequest, rows: Sequence[AnyRow]) -> bool:
    """Whether a list is its first page, and no longer than it is to be counted."""
    is_whole = request.after is None and len(rows) <= request.limit
    return is_whole and (request.count_to is None or len(rows) <= request.count_to)
