"""what comparisons saw.

Expand: old code never names the column. NULL is what was compared before, and counts as all that the image shows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("compared_share", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as images:
        images.drop_column("compared_share")
