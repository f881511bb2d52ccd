"""The tables of searches for scenes, and of the images that were captured of them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

scene_searches = table(
    "scene_searches",
    # No foreign key: it would keep the release before this one from deleting a session.
    Column("session_id", Id, primary_key=True, autoincrement=False),
    Column("lease_until", UtcDateTime),  # of the worker that searches
    Column("found", JSON(none_as_null=True)),  # NULL until then
)

captures = table(
    "captures",
    Column("id", Id, primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("z", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("tile_px", Integer, nullable=False),
    Column("margin_px", Integer, nullable=False),
    Column("version", String(32), nullable=False),  # of its scene over the whole view: see `Scene.version_id`
    Column("lease_until", UtcDateTime),  # of the worker that captures or restores it, or when it failed
    Column("failure", String(500)),  # why it could not be captured
    # NULL until it is stored:
    Column("scene_id", String(255)),
    Column("captured_at", UtcDateTime),
    Column("scene_items", JSON(none_as_null=True)),  # what it was made of, the topmost first
    Column("fetched_at", UtcDateTime),
    Column("object_key", String(191), unique=True),
    Column("sha256", String(64)),
    Column("size_bytes", Integer),
    Column("attribution", String(500)),
    Column("bands_key", String(191)),  # NULL: it has none
    Column("bands_sha256", String(64)),
    # The place is first, as tiles differ most; the last one is for what was left over.
    UniqueConstraint("z", "x", "y", "provider", "tile_px", "margin_px", "version"),
    UniqueConstraint("lease_until", "id"),
)
