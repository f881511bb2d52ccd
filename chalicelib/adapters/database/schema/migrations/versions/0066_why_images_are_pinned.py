"""why images are pinned.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("pin_reason", sa.String(200)))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as images:
        images.drop_column("pin_reason")
