"""archive_cells: where the items of an archive lie.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_cells",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("archive_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_cells")),
        sa.UniqueConstraint("cell", "archive_item_id", name=op.f("uq_archive_cells_cell_archive_item_id")),
        sa.UniqueConstraint("archive_item_id", "cell", name=op.f("uq_archive_cells_archive_item_id_cell")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("archive_cells")
