"""since when it was not seen.

Expand: old code never names the column; what it writes is not measured.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_tiles", sa.Column("unseen_since", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("session_tiles") as batch_op:
        batch_op.drop_column("unseen_since")
