"""the cells by which parcels are found.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "parcel_cells",
        sa.Column("id", ID, nullable=False),
        sa.Column("layer_version_id", ID, nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("parcel_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel_cells")),
        sa.UniqueConstraint(
            "layer_version_id", "cell", "parcel_id", name=op.f("uq_parcel_cells_layer_version_id_cell_parcel_id")
        ),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("parcel_cells")
