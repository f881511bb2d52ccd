"""areas the operator hears of.

Expand: old code never names the column; areas of before, and those that it adds, are told of as they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "area_configs",
        sa.Column("is_told_to_operator", sa.Boolean(), server_default=sa.true(), nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as area:
        area.drop_column("is_told_to_operator")
