"""since when an area is compared.

Expand: old code never names the column, and compares with the oldest picture as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("compare_since", sa.Date()))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as area:
        area.drop_column("compare_since")
