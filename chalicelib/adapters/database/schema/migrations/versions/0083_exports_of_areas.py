"""exports of areas.

Expand: old code never names the table. It is without foreign keys, for old code purges areas too.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "area_exports",
        sa.Column("id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("images", sa.String(8), nullable=False),
        sa.Column("since", UtcDateTime()),
        sa.Column("stem", sa.String(191), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("files", sa.Integer()),
        sa.Column("problem", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_exports")),
        sa.UniqueConstraint("stem", name=op.f("uq_area_exports_stem")),
        sa.UniqueConstraint("area_id", "id", name=op.f("uq_area_exports_area_id_id")),
        sa.UniqueConstraint("expires_at", "id", name=op.f("uq_area_exports_expires_at_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("area_exports")
