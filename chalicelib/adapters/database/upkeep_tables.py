"""The tables of what is done from time to time, and of what is left alone for a while."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import table

chores = table(
    "chores",
    Column("name", String(64), primary_key=True),
    Column("next_due_at", UtcDateTime, nullable=False),
    Column("cursor", String(191), nullable=False, default=""),
)

breakers = table(
    "breakers",
    Column("name", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", UtcDateTime),
)
