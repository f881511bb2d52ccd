"""how wide the gaps are that were filled in the joined land of layers.

Expand: old code never names the column. NULL is what was joined before: whether gaps were filled is not known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("layer_lands", sa.Column("filled_m", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("layer_lands") as lands:
        lands.drop_column("filled_m")
