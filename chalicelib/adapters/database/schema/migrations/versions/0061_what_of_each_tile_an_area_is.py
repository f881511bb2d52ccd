"""what of each tile an area is.

Expand: old code never names the table; what it purges leaves rows there that nobody reads.
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = 2**24 - 1


def upgrade() -> None:
    op.create_table(
        "area_tiles",
        sa.Column("id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("z", sa.Integer(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("watched_m2", sa.Double(), nullable=False),
        sa.Column("outlines", sa.Text(LONG)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_tiles")),
        sa.UniqueConstraint("area_id", "z", "x", "y", name=op.f("uq_area_tiles_area_id_z_x_y")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("area_tiles")
