"""the sums of an area's images.

Expand: old code reads and writes as before; how much is stored of an area is summed up within it.
"""

from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

NAME = "ix_image_tiles_area_id_dropped_at_pinned_at_size_bytes"


def upgrade() -> None:
    op.create_index(NAME, "image_tiles", ["area_id", "dropped_at", "pinned_at", "size_bytes"])


def downgrade() -> None:
    op.drop_index(NAME, "image_tiles")
