"""accepted baselines.

Expand: old code never names the column, and nobody has accepted anything in its areas.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("baseline_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as batch_op:
        batch_op.drop_column("baseline_at")
