"""The handler of migration: the database sits where no laptop reaches, so a deploy invokes this."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.composition import Ports
from chalicelib.functions.handler import handler

blueprint = Blueprint(__name__)


@blueprint.lambda_function()
@handler
def migrate(event: dict[str, Any], ports: Ports) -> dict[str, str]:
    """Bring the database to the newest schema; return the revision reached.

    With a master's secret it makes the functions' user, who may not change tables, and migrates as one who may.
    """
    if "master_secret" in event:
        return {"revision": ports.migrate_as_master(event["master_secret"])}
    return {"revision": ports.migrate()}
