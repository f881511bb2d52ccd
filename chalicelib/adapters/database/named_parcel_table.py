"""The table of the parcels that alerts and places name, as they were when that was found.

Without foreign keys, for a release that does not know it purges areas too; with a copy of what a parcel was called, for
its layer may be gone by then.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, String, Text, UniqueConstraint

from chalicelib.adapters.database.archive_tables import MOST_BYTES
from chalicelib.adapters.database.metadata import Id, table

named_parcels = table(
    "named_parcels",
    Column("id", Id, primary_key=True),
    Column("area_id", Id, nullable=False),
    Column("alert_id", Id),  # of an alert: never changed again
    Column("place_id", Id),  # or of a place: as it was seen last
    Column("layer_id", Id, nullable=False),
    Column("layer_version_id", Id, nullable=False),
    Column("parcel_id", Id, nullable=False),
    Column("layer_name", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("tags", Text, nullable=False),  # JSON: column and text
    Column("share", Double, nullable=False),  # of the change, that lies inside
    Column("is_maybe", Boolean, nullable=False),  # touched or not, with what the layer may be off
    Column("standing", String(16)),  # of a permit, on the day of the change
    Column("reference", String(200)),
    Column("facts", Text),  # JSON: its row, version, m2, box, days and state; NULL: of a release without
    Column("geometry", Text(MOST_BYTES)),  # the coordinates of a MultiPolygon, of an alert's; NULL: too many corners
    UniqueConstraint("area_id", "id"),
    UniqueConstraint("alert_id", "id"),
    UniqueConstraint("place_id", "id"),
)
