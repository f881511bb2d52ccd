"""the newest sessions of areas.

Expand: old code reads and writes as before; a list of areas, and the sessions of one area, are found by it.
"""

from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

NAME = "ix_alert_sessions_area_id_id"


def upgrade() -> None:
    op.create_index(NAME, "alert_sessions", ["area_id", "id"])


def downgrade() -> None:
    op.drop_index(NAME, "alert_sessions")
