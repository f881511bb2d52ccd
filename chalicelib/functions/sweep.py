"""The door of upkeep."""

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import logs, wiring
from chalicelib.domain import upkeep
from chalicelib.settings import settings

door = Blueprint(__name__)


@door.schedule(settings().sweep_schedule)
def sweep(event: CloudWatchEvent) -> None:
    """Send what was not sent, end what is overdue, bury the dead."""
    logs.configure(settings().log_level, stage=settings().stage)
    with logs.invocation("sweep", event.context):
        upkeep.sweep(
            areas=wiring.areas(),
            sessions=wiring.sessions(),
            runs=wiring.tile_runs(),
            deliveries=wiring.deliveries(),
            objects=wiring.objects(),
            images=wiring.images(),
            jobs=wiring.jobs(),
            clock=wiring.clock,
            orphan_age_s=settings().orphan_age_s,
        )
