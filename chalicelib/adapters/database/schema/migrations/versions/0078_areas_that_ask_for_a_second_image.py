"""areas that ask for a second image.

Expand: old code never names the column, and tells there what one image shows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "area_configs", sa.Column("is_confirmed_twice", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    with op.batch_alter_table("area_configs") as areas:
        areas.drop_column("is_confirmed_twice")
