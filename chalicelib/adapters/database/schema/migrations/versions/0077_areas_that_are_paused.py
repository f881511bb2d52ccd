"""areas that are paused.

Expand: old code never names the column, and looks at a paused area as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("is_paused")
