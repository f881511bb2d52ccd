"""what a tile run did not see.

Expand: old code never names the column; what it writes is not measured.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_tiles", sa.Column("unseen_m2", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("session_tiles") as batch_op:
        batch_op.drop_column("unseen_m2")
