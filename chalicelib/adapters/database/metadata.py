"""How every table is made: the names of its constraints, its ids, and the engine's options."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData, Table
from sqlalchemy.sql.schema import SchemaItem

NAMING = {  # so that a migration can name what it drops, on both engines
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
Id = BigInteger().with_variant(Integer, "sqlite")


def table(name: str, *items: SchemaItem) -> Table:
    """Return a table of `metadata`, alike on both engines."""
    return Table(
        name,
        metadata,
        *items,
        # Ids are never used twice, also after the last row is gone: object keys and links are spelled with them.
        sqlite_autoincrement=True,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",  # as SQLite compares: `ram` is not `Ram`, nor `rám`
    )
