"""the land of parcels when an alert named them.

Expand: old code never names the column. NULL is what a release without it named, and what a place names.
"""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

LONG = 2**24 - 1


def upgrade() -> None:
    op.add_column("named_parcels", sa.Column("geometry", sa.Text(LONG)))


def downgrade() -> None:
    with op.batch_alter_table("named_parcels") as parcels:
        parcels.drop_column("geometry")
