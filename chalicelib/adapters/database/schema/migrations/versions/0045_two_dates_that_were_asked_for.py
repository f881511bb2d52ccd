"""two dates that were asked for.

Expand: old code never names the column; to it such a session is a comparison of what is stored.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_sessions", sa.Column("two_dates", sa.JSON()))


def downgrade() -> None:
    with op.batch_alter_table("alert_sessions") as session:
        session.drop_column("two_dates")
