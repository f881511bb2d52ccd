"""images by the keys of their bands.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_image_tiles_bands_key", "image_tiles", ["bands_key"])


def downgrade() -> None:
    op.drop_index("ix_image_tiles_bands_key", table_name="image_tiles")
