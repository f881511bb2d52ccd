"""Migrations beside running functions: on MySQL each DDL says how it is carried out, and fails where it would block.

Alembic's own words for MySQL name no algorithm, and the server then takes any that works, copying and locking the table
if it must. `env.py` imports this, so that `op.add_column` and its kin say it; anything else is `op.execute` with the
algorithm written out. A test looks at every revision.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.base import AddColumn, DropColumn
from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex, DropIndex

INSTANT = ", ALGORITHM=INSTANT, LOCK=DEFAULT"  # touches no row; another LOCK is refused beside it
IN_PLACE = " ALGORITHM=INPLACE LOCK=NONE"  # reads and writes go on while it works


class OnlineMySQLImpl(MySQLImpl):
    """Alembic's MySQL, with the algorithm in each DDL that knows one. Registers itself by its dialect's name."""

    __dialect__ = "mysql"

    def _exec(self, construct: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (Alembic's own signature)
        statement = self._said(construct)
        if statement is not None:
            construct = text(statement.replace(":", r"\:"))  # a colon in a default is no parameter
        return super()._exec(construct, *arguments, **options)

    def _said(self, construct: Any) -> str | None:  # noqa: ANN401
        if isinstance(construct, DropIndex):  # MariaDB's DROP INDEX knows no algorithm, its ALTER TABLE does
            names: Any = self.dialect.identifier_preparer
            index = construct.element
            table = names.format_table(index.table)
            return f"ALTER TABLE {table} DROP INDEX {names.quote(index.name)}, ALGORITHM=INPLACE, LOCK=NONE"
        how = {AddColumn: INSTANT, DropColumn: INSTANT, CreateIndex: IN_PLACE}
        words = next((words for kind, words in how.items() if isinstance(construct, kind)), None)
        return None if words is None else str(construct.compile(dialect=self.dialect)) + words
