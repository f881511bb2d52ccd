"""the sightings of tile runs.

Expand: old code reads and writes as before; the places of an alert are found by its tile run.
"""

from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

NAME = "ix_place_sightings_tile_run_id"


def upgrade() -> None:
    op.create_index(NAME, "place_sightings", ["tile_run_id"])


def downgrade() -> None:
    op.drop_index(NAME, "place_sightings")
