"""areas that are deleted.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_area_configs_deleted_at", "area_configs", ["deleted_at"])


def downgrade() -> None:
    op.drop_index("ix_area_configs_deleted_at", table_name="area_configs")
