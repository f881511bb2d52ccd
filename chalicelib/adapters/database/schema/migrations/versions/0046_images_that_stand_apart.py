"""images that stand apart.

Expand: old code never names the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_tiles", sa.Column("is_apart", sa.Boolean()))


def downgrade() -> None:
    with op.batch_alter_table("image_tiles") as image:
        image.drop_column("is_apart")
