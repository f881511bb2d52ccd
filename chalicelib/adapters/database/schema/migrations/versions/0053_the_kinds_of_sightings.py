"""the kinds of sightings.

Expand: a column, which old code need not know.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("place_sightings", sa.Column("kind", sa.String(20), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("place_sightings") as batch_op:
        batch_op.drop_column("kind")
