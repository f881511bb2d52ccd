"""The tables. The first five names come from the first backend; one word for one thing everywhere else."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    true,
)

from chalicelib.adapters.database import (
    account_tables,
    archive_tables,
    area_shape_tables,
    area_state_table,
    audit_tables,
    export_table,
    hold_table,
    layer_tables,
    limit_tables,
    named_parcel_table,
    place_tables,
    scene_tables,
    session_part_table,
    upkeep_tables,
)
from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

users = table(
    "users",
    Column("id", Id, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("profile", String(500)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

area_configs = table(
    "area_configs",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("center_lat", Double, nullable=False),
    Column("center_lon", Double, nullable=False),
    Column("north_km", Double, nullable=False),
    Column("south_km", Double, nullable=False),
    Column("east_km", Double, nullable=False),
    Column("west_km", Double, nullable=False),
    Column("provider", String(32), nullable=False),
    Column("zoom", Integer, nullable=False),
    Column("tile_px", Integer, nullable=False),
    Column("margin_px", Integer, nullable=False),
    Column("cadence_hours", Integer, nullable=False),
    Column("min_changed_area_m2", Double, nullable=False),
    Column("min_clear_share", Double, nullable=False),
    Column("sensitivity", String(8), nullable=False, server_default="normal"),
    Column("unseen_tolerance", Double, nullable=False, server_default="0.05"),
    Column("next_due_at", UtcDateTime, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime, index=True),
    Column("is_told_to_operator", Boolean, nullable=False, server_default=true()),
    Column("baseline_at", UtcDateTime),  # when its owner accepted what it looks like
    Column("compare_since", Date),  # nothing from long before it is a baseline
    Column("alert_kinds", JSON(none_as_null=True)),  # names; none: the usual ones
    Column("looks_on_arrival", Boolean, nullable=False, server_default=false()),  # of a scene over it
    Column("arrivals_asked_at", UtcDateTime),  # of a provider that has to be asked whether a scene has come
    Column("shape_m2", Double),  # of an area with a shape of its own; NULL: it is its box
    Column("shape_tiles", Integer),  # that it touches, on its grid
    Column("version", Integer, nullable=False, server_default="1"),  # of what its owner says of it
    *(Column(name, JSON(none_as_null=True)) for name in ("tags", "schedule")),  # NULL: none
    Column("is_paused", Boolean, nullable=False, server_default=false()),
    Column("is_confirmed_twice", Boolean, nullable=False, server_default=false()),  # what changed, by a second image
    Column("old_land_session_id", Id),  # the last session on the land as it was before; NULL: it was never another
)

alert_sessions = table(
    "alert_sessions",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, ForeignKey("area_configs.id"), nullable=False),
    Column("open_area_id", Id, unique=True),  # the area while open: at most one open session for each
    Column("slot_at", UtcDateTime),  # the time a scheduled session was due
    Column("cause", String(16), nullable=False),
    Column("status", String(32), nullable=False),
    Column("reason", String(500)),
    *(Column(name, UtcDateTime, nullable=False) for name in ("started_at", "deadline_at")),
    Column("ended_at", UtcDateTime),
    Column("tiles_planned", Integer, nullable=False),
    Column("summary", JSON),  # counts, clear share, the failures that lists show: written when it ends
    Column("further_failures", JSON(none_as_null=True)),  # than those, which lists need not decode
    Column("is_notification_sent", Boolean, nullable=False, default=False),
    Column("two_dates", JSON(none_as_null=True)),  # that were asked to be compared: beside the area's own sessions
    UniqueConstraint("area_id", "slot_at"),
    Index(None, "status", "deadline_at"),
    *(Index(None, "area_id", *then) for then in (("id",), ("status", "id"))),
)

session_tiles = table(
    "session_tiles",
    Column("id", Id, primary_key=True),
    Column("session_id", Id, ForeignKey("alert_sessions.id"), nullable=False),
    Column("z", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("verdict", String(16)),
    Column("reason", String(500)),
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),  # begun without an answer
    Column("retry_at", UtcDateTime, nullable=False),  # when reconcile writes its job anew
    Column("image_id", Id),
    Column("reference_id", Id),
    Column("clear_share", Double),
    Column("watched_m2", Double),  # of the tile, in the area; NULL in rows of before
    Column("unseen_m2", Double),  # of them, when it ended
    Column("unseen_since", UtcDateTime),  # when some of it was missed first, of those in a row
    Column("clearly_seen_at", UtcDateTime),  # when the image was taken that showed it clearly last; NULL: not known
    Column("ended_at", UtcDateTime),
    Column("unusable", Text),  # why a newer scene than the one that was looked at could not be used
    UniqueConstraint("session_id", "z", "x", "y"),
    Index(None, "state", "retry_at"),
    *(Index(None, "session_id", then) for then in ("verdict", "unseen_since")),
)

image_tiles = table(
    "image_tiles",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, nullable=False),
    Column("session_id", Id, ForeignKey("alert_sessions.id"), nullable=False, index=True),
    Column("tile_run_id", Id, ForeignKey("session_tiles.id"), nullable=False),
    Column("z", Integer, nullable=False),
    Column("x", Integer, nullable=False),
    Column("y", Integer, nullable=False),
    Column("tile_px", Integer, nullable=False),
    Column("margin_px", Integer, nullable=False),
    Column("provider", String(32), nullable=False),
    Column("scene_id", String(255), nullable=False),
    Column("captured_at", UtcDateTime),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),  # captured_at, or fetched_at where that is unknown
    Column("object_key", String(191), nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("attribution", String(500), nullable=False),
    Column("clear_share", Double, nullable=False),
    Column("is_usable", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("compared_at", UtcDateTime),
    Column("scene_version", String(32)),  # over this tile; NULL: stored by the first release
    Column("scene_items", JSON(none_as_null=True)),  # what the image was made of, the topmost first
    Column("is_baseline", Boolean),  # taken as the baseline of an image of the same tile run
    Column("capture_id", Id, ForeignKey("captures.id"), index=True),  # what it is a use of; NULL: an object of its own
    Column("bands_key", String(191), index=True),  # as its capture's; NULL: it has none
    Column("bands_sha256", String(64)),
    Column("is_apart", Boolean),  # of two dates that somebody asked for: nothing is known of the tile by it
    Column("dropped_at", UtcDateTime),  # by retention: its `object_key` is "" then, and its bands are gone too
    Column("pinned_at", UtcDateTime),  # retention never drops it
    Column("pin_reason", String(200)),
    Column("compared_share", Double),  # of the ground, the most that a comparison of it saw; NULL: not known
    UniqueConstraint("tile_run_id", "taken_at"),
    *(Index(None, "area_id", *then) for then in (("z", "x", "y", "taken_at"), ("taken_at",))),
    *(Index(None, "area_id", "dropped_at", *then) for then in (("is_apart", "taken_at"), ("pinned_at", "size_bytes"))),
)

comparisons = table(
    "comparisons",
    Column("id", Id, primary_key=True),
    Column("image_id", Id, ForeignKey("image_tiles.id"), nullable=False),
    Column("reference_id", Id, nullable=False),
    Column("detector", String(64), nullable=False),
    Column("thresholds", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("ignored", JSON),  # what was seen and is no alert, with its reasons
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("image_id", "reference_id", "detector", "thresholds"),
)

alert_details = table(
    "alert_details",
    Column("id", Id, primary_key=True),
    Column("session_id", Id, ForeignKey("alert_sessions.id"), nullable=False, index=True),
    Column("tile_run_id", Id, ForeignKey("session_tiles.id"), nullable=False, unique=True),
    Column("image_id", Id, ForeignKey("image_tiles.id"), nullable=False, index=True),
    Column("reference_id", Id, nullable=False),
    Column("mask_key", String(191), index=True),
    Column("overlay_key", String(191), index=True),
    Column("change_log", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

deliveries = table(
    "deliveries",
    Column("id", Id, primary_key=True),
    Column("session_id", Id, ForeignKey("alert_sessions.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("address", Text, nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease_until", UtcDateTime),
    Column("detail", String(500), nullable=False, default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("notice_id", Id, index=True),  # of a message about states; its session is the first area's
    UniqueConstraint("session_id", "address_hash"),
)

outbox = table(
    "outbox",
    Column("id", Id, primary_key=True),
    Column("queue", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("session_id", Id, nullable=False, index=True),
    Column("tile_run_id", Id),  # of a tile job
    Column("created_at", UtcDateTime, nullable=False),
    Column("available_at", UtcDateTime, nullable=False),
    Column("receives", Integer, nullable=False, default=0),
    Column("reason", String(500), nullable=False, default=""),
    Column("dead_at", UtcDateTime),
    Column("turn", BigInteger, nullable=False, server_default="0"),  # whose turn it is: the lowest goes first
    Index(None, "queue", "dead_at", "available_at"),
    Index(None, "queue", "dead_at", "turn"),
)

area_states, places, place_sightings = area_state_table.area_states, place_tables.places, place_tables.place_sightings
area_shapes, area_tiles = area_shape_tables.area_shapes, area_shape_tables.area_tiles
scene_searches, captures, holds = scene_tables.scene_searches, scene_tables.captures, hold_table.holds
area_exports, session_parts = export_table.area_exports, session_part_table.session_parts
archive_files, buckets = archive_tables.archive_files, account_tables.buckets
sign_ins, refresh_tokens, devices = account_tables.sign_ins, account_tables.refresh_tokens, account_tables.devices
audit_entries, audit_heads = audit_tables.audit_entries, audit_tables.audit_heads
chores, breakers = upkeep_tables.chores, upkeep_tables.breakers
spendings, budgets, waits = limit_tables.spendings, limit_tables.budgets, limit_tables.waits
layers, layer_versions, layer_imports = layer_tables.layers, layer_tables.layer_versions, layer_tables.layer_imports
layer_lands, parcels, parcel_cells = layer_tables.layer_lands, layer_tables.parcels, layer_tables.parcel_cells
named_parcels = named_parcel_table.named_parcels
