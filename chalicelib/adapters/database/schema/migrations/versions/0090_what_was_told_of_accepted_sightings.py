"""what was told of sightings that a baseline was moved past.

Expand: old code never names the column, and counts such a sighting as 0 as it did. NULL: no baseline was moved past it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("place_sightings", sa.Column("accepted_told_m2", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("place_sightings") as sightings:
        sightings.drop_column("accepted_told_m2")
