"""files that become layers.

Expand: old code never names the table.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG = 2**24 - 1


def upgrade() -> None:
    op.create_table(
        "layer_imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("object_key", sa.String(255), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("options", sa.Text(LONG), nullable=False),
        sa.Column("preview", sa.Text(LONG)),
        sa.Column("problem", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("layer_id", ID),
        sa.Column("layer_version_id", ID),
        sa.Column("fence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lease_until", UtcDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_layer_imports")),
        sa.UniqueConstraint("object_key", name=op.f("uq_layer_imports_object_key")),
        sa.UniqueConstraint("user_id", "id", name=op.f("uq_layer_imports_user_id_id")),
        sa.UniqueConstraint("state", "created_at", "id", name=op.f("uq_layer_imports_state_created_at_id")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("layer_imports")
