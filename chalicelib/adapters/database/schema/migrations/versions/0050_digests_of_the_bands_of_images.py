"""what the bands of an area's image are, to the bit.

Expand: old code never names the column, and takes an image with bands for one that has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("bands_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as images:
        images.drop_column("bands_sha256")
