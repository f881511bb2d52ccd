"""the unseen tiles of sessions.

Expand: old code reads and writes as before; what a session did not see is listed without reading all of its tile runs.
"""

from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

NAME = "ix_session_tiles_session_id_unseen_since"


def upgrade() -> None:
    op.create_index(NAME, "session_tiles", ["session_id", "unseen_since"])


def downgrade() -> None:
    op.drop_index(NAME, "session_tiles")
