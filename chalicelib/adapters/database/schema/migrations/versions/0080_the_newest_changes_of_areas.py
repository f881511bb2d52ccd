"""the newest changes of areas.

Expand: old code reads and writes as before; what an area found last is found by it.
"""

from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

NAME = "ix_alert_sessions_area_id_status_id"


def upgrade() -> None:
    op.create_index(NAME, "alert_sessions", ["area_id", "status", "id"])


def downgrade() -> None:
    op.drop_index(NAME, "alert_sessions")
