"""The tables of the index of an archive. They refer to each other by no foreign key: a build is written in bulk."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Integer, LargeBinary, String, Text, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

MOST_BYTES = 2**24 - 1  # MySQL's MEDIUMBLOB and MEDIUMTEXT

archive_files = table(
    "archive_files",
    Column("id", Id, primary_key=True),
    Column("archive", String(64), nullable=False),
    Column("name_digest", String(64), nullable=False),  # a name may be too long for an index
    Column("name", Text, nullable=False),
    Column("version", String(191), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("says", LargeBinary(MOST_BYTES), nullable=False),
    UniqueConstraint("archive", "name_digest"),
)

archive_items = table(
    "archive_items",
    Column("id", Id, primary_key=True),
    Column("archive", String(64), nullable=False),
    Column("digest", String(64), nullable=False),  # of the whole row: another one is another row
    Column("item_id", String(255), nullable=False),  # empty of one that cannot be used
    Column("west", Double),  # NULL, like the other three: any ground
    Column("south", Double),
    Column("east", Double),
    Column("north", Double),
    Column("says", Text(MOST_BYTES), nullable=False),
    UniqueConstraint("archive", "digest"),
    UniqueConstraint("archive", "item_id", "id"),
)

archive_cells = table(
    "archive_cells",
    Column("id", Id, primary_key=True),
    Column("cell", BigInteger, nullable=False),  # see `cells.py`
    Column("archive_item_id", Id, nullable=False),
    UniqueConstraint("cell", "archive_item_id"),
    UniqueConstraint("archive_item_id", "cell"),
)

archive_states = table(
    "archive_states",
    Column("id", Id, primary_key=True),
    Column("archive", String(64), nullable=False, unique=True),
    Column("listing", String(64), nullable=False),  # empty until it is built first
    Column("fence", Integer, nullable=False),
    Column("lease_until", UtcDateTime),  # of whoever builds it
    Column("looked_at", UtcDateTime),
    Column("usable", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("unread", Integer, nullable=False),
    Column("levels", Integer, nullable=False),  # of its cells: a bit each
)
