"""The tables of places. They refer to no older table by a foreign key: see the revisions that made them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Double, Index, Integer, String, UniqueConstraint

from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

places = table(
    "places",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("area_m2", Double, nullable=False),  # when it was seen last
    Column("severity", String(8)),  # the highest that was told
    Column("west", Double, nullable=False),
    Column("south", Double, nullable=False),
    Column("east", Double, nullable=False),
    Column("north", Double, nullable=False),
    Column("merged_into_id", Id),  # the place that it turned out to be part of
    Column("kind", String(20)),  # of its largest sighting that tells one
    Column("kind_probability", Double),
    UniqueConstraint("area_id", "id"),  # the first column is what it is for: a table is made in one statement
    Index(None, "area_id", "state", "merged_into_id"),
)

place_sightings = table(
    "place_sightings",
    Column("id", Id, primary_key=True),
    Column("place_id", Id),  # none until its session ends
    Column("area_id", Id, nullable=False),
    Column("session_id", Id, nullable=False),
    Column("tile_run_id", Id, nullable=False, index=True),
    Column("image_id", Id, nullable=False),
    Column("z", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("outlines", JSON, nullable=False),
    Column("area_m2", Double, nullable=False),  # against the accepted baseline: 0 once it was moved past it
    Column("told_m2", Double, nullable=False),  # of this place on this tile, when people were told of it last
    Column("place_m2", Double),  # of the whole place, when this session had ended
    Column("severity", String(8)),
    Column("is_told", Boolean, nullable=False),  # in the alert of its tile run
    Column("is_latest", Boolean, nullable=False),  # of its place on its tile
    Column("seen_at", UtcDateTime, nullable=False),  # when its image was taken
    Column("kind", String(20)),
    Column("kind_probability", Double),
    Column("accepted_m2", Double),  # what `area_m2` was, and `told_m2`, before the baseline was moved past it
    Column("accepted_told_m2", Double),
    UniqueConstraint("session_id", "id"),
    UniqueConstraint("place_id", "id"),
    UniqueConstraint("area_id", "is_latest", "z", "x", "y", "id"),
)
