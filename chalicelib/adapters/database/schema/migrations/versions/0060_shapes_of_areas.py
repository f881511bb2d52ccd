"""shapes of areas.

Expand: old code never names the table; to it such an area is the box around its land.
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = 2**24 - 1


def upgrade() -> None:
    op.create_table(
        "area_shapes",
        sa.Column("area_id", ID, autoincrement=False, nullable=False),
        sa.Column("geometry", sa.Text(LONG), nullable=False),
        sa.Column("buffer_m", sa.Double()),
        sa.Column("exclude", sa.Text(LONG)),
        sa.Column("watched", sa.Text(LONG), nullable=False),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_shapes")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("area_shapes")
