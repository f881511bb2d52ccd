"""${message}.

Expand: say here why the code of the release before goes on working on the new schema.
(Or: "Contract of NNNN, released in X.Y.Z: ..." once no running code reads what goes. One DDL a revision.)
"""

import sqlalchemy as sa
from alembic import op

from chalicelib.adapters.database.engine import UtcDateTime
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
