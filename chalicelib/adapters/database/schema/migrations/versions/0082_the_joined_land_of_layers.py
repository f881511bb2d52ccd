"""the joined land of layers, apart from their versions.

Expand: old code never names the table; of a version that it writes the land is joined when it is asked for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = 2**24 - 1


def upgrade() -> None:
    op.create_table(
        "layer_lands",
        sa.Column("layer_version_id", ID, autoincrement=False, nullable=False),
        sa.Column("corners", sa.Integer(), nullable=False),
        sa.Column("geometry", sa.Text(LONG)),
        sa.PrimaryKeyConstraint("layer_version_id", name=op.f("pk_layer_lands")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("layer_lands")
