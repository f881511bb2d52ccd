"""captures: the images that areas share.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "captures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("z", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("tile_px", sa.Integer(), nullable=False),
        sa.Column("margin_px", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("scene_id", sa.String(length=255), nullable=True),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("scene_items", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fetched_at", UtcDateTime(), nullable=True),
        sa.Column("object_key", sa.String(length=191), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=True),
        sa.Column("attribution", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint(
            *("z", "x", "y", "provider", "tile_px", "margin_px", "version"),
            name=op.f("uq_captures_z_x_y_provider_tile_px_margin_px_version"),
        ),
        sa.UniqueConstraint("object_key", name=op.f("uq_captures_object_key")),
        sa.UniqueConstraint("lease_until", "id", name=op.f("uq_captures_lease_until_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("captures")
