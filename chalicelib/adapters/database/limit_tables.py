"""The tables of what one user may take. They refer to no area: what was spent on one that is gone was spent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

spendings = table(
    "spendings",
    Column("user_id", Id, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),  # in UTC, as 2026-03-01
    Column("kind", String(20), primary_key=True),
    Column("amount", BigInteger, nullable=False),
)

budgets = table(
    "budgets",  # of users who have others than everybody
    Column("user_id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(20), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("since", String(10), nullable=False),  # empty: of every day
)

waits = table(
    "waits",
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("user_id", Id, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
)
