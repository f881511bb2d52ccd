"""newest images of an area.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_image_tiles_area_id_taken_at", "image_tiles", ["area_id", "taken_at"])


def downgrade() -> None:
    op.drop_index("ix_image_tiles_area_id_taken_at", table_name="image_tiles")
