"""what comparisons ignored.

Expand: old code never names the column, and its comparisons say nothing there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comparisons", sa.Column("ignored", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("comparisons") as batch_op:
        batch_op.drop_column("ignored")
