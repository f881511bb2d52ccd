"""verdicts of a session.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_session_tiles_session_id_verdict", "session_tiles", ["session_id", "verdict"])


def downgrade() -> None:
    op.drop_index("ix_session_tiles_session_id_verdict", table_name="session_tiles")
