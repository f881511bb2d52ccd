"""when images last showed an area clearly.

Expand: old code never names the column; what it ends says nothing of it, and the next session of this code does.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_states", sa.Column("clearly_seen_at", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("area_states") as states:
        states.drop_column("clearly_seen_at")
