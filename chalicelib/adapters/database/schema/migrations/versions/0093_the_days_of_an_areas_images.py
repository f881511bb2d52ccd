"""the days of an area's images.

Expand: old code reads and writes as before; whether an area has an image of a day is found by it.
"""

from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

NAME = "ix_image_tiles_area_id_dropped_at_is_apart_taken_at"


def upgrade() -> None:
    op.create_index(NAME, "image_tiles", ["area_id", "dropped_at", "is_apart", "taken_at"])


def downgrade() -> None:
    op.drop_index(NAME, "image_tiles")
