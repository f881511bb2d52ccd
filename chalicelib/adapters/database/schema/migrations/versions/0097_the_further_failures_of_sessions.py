"""the further failures of sessions.

Expand: old code reads the first ten failures of a session that ends after this, and new code all of one from before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_sessions", sa.Column("further_failures", sa.JSON()))


def downgrade() -> None:
    op.drop_column("alert_sessions", "further_failures")
