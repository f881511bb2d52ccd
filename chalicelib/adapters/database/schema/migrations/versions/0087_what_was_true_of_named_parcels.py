"""what was true of parcels when an alert named them.

Expand: old code never names the column. NULL is what a release without it named.
"""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("named_parcels", sa.Column("facts", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("named_parcels") as parcels:
        parcels.drop_column("facts")
