"""legal holds.

Expand: old code never names the table. It is without foreign keys, for old code purges areas too.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("area_id", ID, nullable=False),
        sa.Column("place_id", ID),
        sa.Column("session_id", ID),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_at", UtcDateTime()),
        sa.Column("lift_reason", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("area_id", "id", name=op.f("uq_holds_area_id_id")),
        sa.UniqueConstraint("user_id", "id", name=op.f("uq_holds_user_id_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("holds")
