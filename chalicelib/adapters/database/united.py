"""Several selects as one statement, whose rows say by their columns which of them they are of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, null, select, type_coerce, union_all


def united(*parts: Select[Any]) -> CompoundSelect[Any]:
    """Return a statement that reads what each of the selects reads; a column that one lacks is None in its rows.

    Columns of the same name are of the same kind. A select keeps its order and its limit, as far as they choose rows.
    """
    kinds = {str(column.key): column.type for part in parts for column in part.selected_columns}

    def with_all(part: FromClause) -> Select[Any]:
        none = {name: type_coerce(null(), kind).label(name) for name, kind in kinds.items() if name not in part.c}
        return select(*(none[name] if name in none else part.c[name] for name in kinds))

    return union_all(*(with_all(part.subquery()) for part in parts))
