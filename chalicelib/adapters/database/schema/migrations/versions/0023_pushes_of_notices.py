"""pushes of notices.

Expand: old code never names the column. A notice's push has a session too, that of its first area: old code that meets
one asks for that session's news, and finds none or what it has told already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        op.execute(
            "ALTER TABLE deliveries ADD COLUMN notice_id BIGINT, ADD INDEX ix_deliveries_notice_id (notice_id),"
            " ADD INDEX ix_deliveries_status (status), ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    op.add_column(
        "deliveries", sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
    )
    op.create_index("ix_deliveries_notice_id", "deliveries", ["notice_id"])
    op.create_index("ix_deliveries_status", "deliveries", ["status"])


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":
        op.execute(
            "ALTER TABLE deliveries DROP INDEX ix_deliveries_status, DROP INDEX ix_deliveries_notice_id,"
            " DROP COLUMN notice_id, ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    op.drop_index("ix_deliveries_status", "deliveries")
    op.drop_index("ix_deliveries_notice_id", "deliveries")
    op.execute("ALTER TABLE deliveries DROP COLUMN notice_id")
