"""what sightings measured that a baseline was moved past.

Expand: old code never names the column, and counts such a sighting as 0 as it did. NULL: no baseline was moved past it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("place_sightings", sa.Column("accepted_m2", sa.Double()))


def downgrade() -> None:
    with op.batch_alter_table("place_sightings") as sightings:
        sightings.drop_column("accepted_m2")
