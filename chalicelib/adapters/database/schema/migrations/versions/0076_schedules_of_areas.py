"""schedules of areas.

Expand: old code never names the column, and looks at such an area by the mean of its hours.
"""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("schedule", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("schedule")
