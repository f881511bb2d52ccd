"""The table of the tiles that sessions have still to plan."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, UniqueConstraint

from chalicelib.adapters.database.metadata import Id, table

session_parts = table(
    "session_parts",
    Column("id", Id, primary_key=True),
    # No foreign key: it would keep the release before this one from deleting a session.
    Column("session_id", Id, nullable=False),
    Column("request_id", String(64), nullable=False),  # of the request that began it, or ""
    Column("tiles", JSON, nullable=False),  # columns of their runs, in the order of their work
    UniqueConstraint("session_id", "id"),
)
