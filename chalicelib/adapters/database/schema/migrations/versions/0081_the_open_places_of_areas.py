"""the open places of areas.

Expand: old code reads and writes as before; how many places of an area are open is counted in it alone.
"""

from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

NAME = "ix_places_area_id_state_merged_into_id"


def upgrade() -> None:
    op.create_index(NAME, "places", ["area_id", "state", "merged_into_id"])


def downgrade() -> None:
    op.drop_index(NAME, "places")
