"""The table of searches for scenes."""

from __future__ import annotations

from sqlalchemy import JSON, Column

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

scene_searches = table(
    "scene_searches",
    # No foreign key: it would keep the release before this one from deleting a session.
    Column("session_id", Id, primary_key=True, autoincrement=False),
    Column("lease_until", UtcDateTime),  # of the worker that searches
    Column("found", JSON(none_as_null=True)),  # NULL until then
)
