"""sightings of places.

Expand: old code never names the table. A session whose alerts old code wrote has no row here, and by that reconcile
knows that they are still to be joined to places.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "place_sightings",
        sa.Column("id", ID, nullable=False),
        sa.Column("place_id", ID, nullable=True),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("session_id", ID, nullable=False),
        sa.Column("tile_run_id", ID, nullable=False),
        sa.Column("image_id", ID, nullable=False),
        sa.Column("z", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("outlines", sa.JSON(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("told_m2", sa.Double(), nullable=False),
        sa.Column("place_m2", sa.Double(), nullable=True),
        sa.Column("severity", sa.String(8), nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_sightings")),
        sa.UniqueConstraint("session_id", "id", name=op.f("uq_place_sightings_session_id_id")),
        sa.UniqueConstraint("place_id", "id", name=op.f("uq_place_sightings_place_id_id")),
        sa.UniqueConstraint(
            "area_id", "is_latest", "z", "x", "y", "id", name=op.f("uq_place_sightings_area_id_is_latest_z_x_y_id")
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("place_sightings")
