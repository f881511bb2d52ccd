"""why a newer scene was not used.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_tiles", sa.Column("unusable", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session_tiles") as batch_op:
        batch_op.drop_column("unusable")
