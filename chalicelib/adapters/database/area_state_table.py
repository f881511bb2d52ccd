"""The table of how areas stand; without a foreign key, for a release that does not know it purges areas too."""

from __future__ import annotations

from sqlalchemy import Column, String

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

area_states = table(
    "area_states",
    Column("area_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)
