"""images that are pinned.

Expand: old code never names the column, and drops no image.
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("pinned_at", UtcDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as images:
        images.drop_column("pinned_at")
