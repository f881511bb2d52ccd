"""the land of areas.

Expand: NULL is an area whose land was never another, as old code takes each to be. Until a release is out, old code
that looks at an area whose land new code has changed takes what was seen of the land before for what it is now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("area_configs", sa.Column("old_land_session_id", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("area_configs", "old_land_session_id")
