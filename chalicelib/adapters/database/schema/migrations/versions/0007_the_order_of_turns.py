"""the order of turns.

Expand: an index, which old code need not know.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_outbox_queue_dead_at_turn"), "outbox", ["queue", "dead_at", "turn"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_queue_dead_at_turn"), table_name="outbox")
