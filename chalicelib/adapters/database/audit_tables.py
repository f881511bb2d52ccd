"""The tables of the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import table

audit_entries = table(
    "audit_entries",
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("deed", String(32), nullable=False),
    Column("user_id", BigInteger, nullable=False),  # 0: nobody who is known, or an operator
    Column("about", String(200), nullable=False),
    Column("network", String(64)),  # from where; NULL once forgotten
    Column("salt", String(32)),  # NULL once forgotten
    Column("network_digest", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("user_id", "number"),
)

audit_heads = table(
    "audit_heads",  # one row: whoever appends holds it, so that there is one chain
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
