"""searches for scenes.

Expand: old code never names the table. No foreign key, which would keep old code from deleting a session.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scene_searches",
        sa.Column(
            "session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_scene_searches")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("scene_searches")
