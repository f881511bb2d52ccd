"""areas that are looked at when a scene comes over them.

Expand: old code never names the column; areas of before, and what it adds, keep to their cadence alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "area_configs", sa.Column("looks_on_arrival", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("looks_on_arrival")
