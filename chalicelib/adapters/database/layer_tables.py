"""The tables of layers of parcels: what people watch by, versioned, and the files that they were read from.

Without foreign keys, for a release that does not know them removes users too; and a version is written in bulk.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Double, Integer, String, Text, UniqueConstraint

from chalicelib.adapters.database.archive_tables import MOST_BYTES
from chalicelib.adapters.database.engine import UtcDateTime
from chalicelib.adapters.database.metadata import Id, table

layers = table(
    "layers",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("current_version_id", Id),  # NULL until its first version is whole
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    UniqueConstraint("user_id", "id"),
    UniqueConstraint("deleted_at", "id"),
)

layer_versions = table(
    "layer_versions",
    Column("id", Id, primary_key=True),
    Column("layer_id", Id, nullable=False),
    Column("number", Integer, nullable=False),  # from 1
    Column("made_at", UtcDateTime, nullable=False),
    Column("written_until", UtcDateTime),  # the lease of who writes it; NULL: it is whole
    Column("parcels", Integer, nullable=False),
    Column("west", Double),  # NULL, like the other three, until it is whole
    Column("south", Double),
    Column("east", Double),
    Column("north", Double),
    Column("m2", Double, nullable=False, server_default="0"),
    Column("accuracy_m", Double),
    Column("levels", Integer, nullable=False, server_default="0"),  # of its cells: a bit each
    Column("source", Text(MOST_BYTES), nullable=False),  # JSON: file, system, datum, shift, columns
    UniqueConstraint("layer_id", "number"),
    UniqueConstraint("written_until", "id"),
)

layer_lands = table(  # apart from their versions, which are read by the dozen
    "layer_lands",
    Column("layer_version_id", Id, primary_key=True, autoincrement=False),
    Column("corners", Integer, nullable=False),
    Column("geometry", Text(MOST_BYTES)),  # the coordinates of a MultiPolygon; NULL: too many to be watched as one
    Column("filled_m", Double),  # how wide the gaps are that were filled; NULL: of a release that did not keep it
)

parcels = table(
    "parcels",
    Column("id", Id, primary_key=True),
    Column("layer_version_id", Id, nullable=False),
    Column("number", Integer, nullable=False),  # of its row in the file, from 1
    Column("name", String(200), nullable=False),
    Column("tags", Text, nullable=False),  # JSON: column and text
    Column("geometry", Text(MOST_BYTES), nullable=False),  # the coordinates of a MultiPolygon
    Column("west", Double, nullable=False),
    Column("south", Double, nullable=False),
    Column("east", Double, nullable=False),
    Column("north", Double, nullable=False),
    Column("m2", Double, nullable=False),
    Column("valid_from", Date),  # like the three behind it: of a permit
    Column("valid_to", Date),
    Column("reference", String(200)),
    Column("state", String(16)),
    UniqueConstraint("layer_version_id", "number"),
    UniqueConstraint("layer_version_id", "name", "number"),
)

parcel_cells = table(
    "parcel_cells",
    Column("id", Id, primary_key=True),
    Column("layer_version_id", Id, nullable=False),
    Column("cell", BigInteger, nullable=False),  # see `cells.py`
    Column("parcel_id", Id, nullable=False),
    UniqueConstraint("layer_version_id", "cell", "parcel_id"),
)

layer_imports = table(
    "layer_imports",
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("state", String(8), nullable=False),
    Column("object_key", String(255), nullable=False, unique=True),
    Column("file_name", String(255), nullable=False),
    Column("options", Text(MOST_BYTES), nullable=False),  # JSON: how the file is to be read
    Column("preview", Text(MOST_BYTES)),  # JSON: what it shows, read so
    Column("problem", Text),  # JSON, where it failed: why, and the option that is at fault
    Column("created_at", UtcDateTime, nullable=False),
    Column("layer_id", Id),  # that is to have a new version; NULL: a layer of its own
    Column("layer_version_id", Id),  # that is being written, or was kept
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("user_id", "id"),
    UniqueConstraint("state", "created_at", "id"),
)
