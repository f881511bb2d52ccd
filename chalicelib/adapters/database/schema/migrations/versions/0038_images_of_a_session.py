"""images of a session.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_image_tiles_session_id", "image_tiles", ["session_id"])


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":  # the foreign key needs an index: the one it had by itself
        op.execute(
            "ALTER TABLE image_tiles ADD INDEX fk_image_tiles_session_id (session_id),"
            " DROP INDEX ix_image_tiles_session_id, ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    op.drop_index("ix_image_tiles_session_id", table_name="image_tiles")
