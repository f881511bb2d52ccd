"""The door of migration: the database sits where no laptop reaches, so a deploy invokes this."""

from typing import Any

from chalice.app import Blueprint

from chalicelib import logs, wiring
from chalicelib.settings import settings

door = Blueprint(__name__)


@door.lambda_function()
def migrate(event: dict[str, Any], context: object) -> dict[str, str]:
    """Bring the database to the newest schema; give the revision reached. A master's secret also makes the user."""
    from chalicelib.adapters.database.migrate import to_head  # Alembic: nobody else pays for importing it

    logs.configure(settings().log_level, stage=settings().stage)
    with logs.invocation("migrate", context):
        if "master_secret" in event:
            wiring.ensure_database_user(event["master_secret"])
        return {"revision": to_head(wiring.engine())}
