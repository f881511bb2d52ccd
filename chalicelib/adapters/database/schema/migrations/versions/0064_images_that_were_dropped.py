"""images that were dropped.

Expand: old code never names the column; to it such an image shows nothing, and is no reference.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("dropped_at", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as images:
        images.drop_column("dropped_at")
