"""where the bands of a captured image are.

Expand: old code never names the column, and takes an image with bands for one that has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("captures", sa.Column("bands_key", sa.String(length=191), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("captures") as captures:
        captures.drop_column("bands_key")
