"""The table of legal holds. Without foreign keys, for a release that does not know it purges areas too."""

from __future__ import annotations

from sqlalchemy import Column, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

holds = table(
    "holds",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),  # whose area it is
    Column("area_id", Id, nullable=False),  # that is held, or in which lies what is
    Column("place_id", Id),
    Column("session_id", Id),
    Column("reason", String(500), nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),  # NULL: it stands
    Column("lift_reason", String(500)),
    UniqueConstraint("area_id", "id"),  # the first columns are what they are for
    UniqueConstraint("user_id", "id"),
)
