"""versions of layers.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = 2**24 - 1


def upgrade() -> None:
    op.create_table(
        "layer_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("layer_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("written_until", UtcDateTime()),
        sa.Column("parcels", sa.Integer(), nullable=False),
        sa.Column("west", sa.Double()),
        sa.Column("south", sa.Double()),
        sa.Column("east", sa.Double()),
        sa.Column("north", sa.Double()),
        sa.Column("m2", sa.Double(), nullable=False, server_default="0"),
        sa.Column("accuracy_m", sa.Double()),
        sa.Column("levels", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("source", sa.Text(LONG), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer_versions")),
        sa.UniqueConstraint("layer_id", "number", name=op.f("uq_layer_versions_layer_id_number")),
        sa.UniqueConstraint("written_until", "id", name=op.f("uq_layer_versions_written_until_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("layer_versions")
