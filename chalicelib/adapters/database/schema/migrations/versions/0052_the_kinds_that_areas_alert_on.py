"""the kinds that areas alert on.

Expand: a column, which old code need not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("alert_kinds", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as batch_op:
        batch_op.drop_column("alert_kinds")
