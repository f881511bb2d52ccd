"""alerts of an image.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_alert_details_image_id", "alert_details", ["image_id"])


def downgrade() -> None:
    if op.get_context().dialect.name == "mysql":  # the foreign key needs an index: the one it had by itself
        op.execute(
            "ALTER TABLE alert_details ADD INDEX fk_alert_details_image_id (image_id),"
            " DROP INDEX ix_alert_details_image_id, ALGORITHM=INPLACE, LOCK=NONE"
        )
        return
    op.drop_index("ix_alert_details_image_id", table_name="alert_details")
