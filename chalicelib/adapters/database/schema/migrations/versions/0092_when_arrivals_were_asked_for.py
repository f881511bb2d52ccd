"""when a provider was asked whether a scene has come over an area.

Expand: old code never names the column, and asks nobody. NULL: nobody was asked yet.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("arrivals_asked_at", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("arrivals_asked_at")
