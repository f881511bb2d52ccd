"""how probable the kinds of places are.

Expand: a column, which old code need not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("places", sa.Column("kind_probability", sa.Double(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("places") as batch_op:
        batch_op.drop_column("kind_probability")
