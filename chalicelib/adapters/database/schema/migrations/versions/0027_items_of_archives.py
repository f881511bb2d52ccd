"""archive_items: what the items of an archive say.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("archive", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=255), nullable=False),
        sa.Column("west", sa.Double(), nullable=True),
        sa.Column("south", sa.Double(), nullable=True),
        sa.Column("east", sa.Double(), nullable=True),
        sa.Column("north", sa.Double(), nullable=True),
        sa.Column("says", sa.Text(length=16777215), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_items")),
        sa.UniqueConstraint("archive", "digest", name=op.f("uq_archive_items_archive_digest")),
        sa.UniqueConstraint("archive", "item_id", "id", name=op.f("uq_archive_items_archive_item_id_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("archive_items")
