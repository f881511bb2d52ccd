"""The table of exports of areas. Without foreign keys, for a release that does not know it purges areas too."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

area_exports = table(
    "area_exports",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, nullable=False),
    Column("state", String(8), nullable=False),
    Column("images", String(8), nullable=False),  # which ones are in it
    Column("since", UtcDateTime),  # images that were taken before are left out
    Column("stem", String(191), nullable=False, unique=True),  # of its objects' keys
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("fence", Integer, nullable=False, server_default="0"),  # of the latest claim
    Column("tries", Integer, nullable=False, server_default="0"),  # begun, and not let go
    Column("lease_until", UtcDateTime),
    Column("size_bytes", BigInteger),
    Column("sha256", String(64)),
    Column("files", Integer),
    Column("problem", String(500)),
    UniqueConstraint("area_id", "id"),
    UniqueConstraint("expires_at", "id"),
)
