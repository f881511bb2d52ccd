"""area states.

Expand: old code never names the table; what it purges leaves a row there that nobody reads.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "area_states",
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_area_states")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("area_states")
