"""The door of comparison."""

from chalice.app import Blueprint, SQSEvent

from chalicelib import logs, wiring
from chalicelib.domain import monitoring
from chalicelib.domain.jobs import TileJob
from chalicelib.settings import settings

door = Blueprint(__name__)


@door.on_sqs_message(queue=settings().comparisons_queue, batch_size=1, maximum_concurrency=settings().max_concurrency)
def compare_tile(event: SQSEvent) -> None:
    """Compare the tile named by one queue message."""
    from chalicelib.vision.changes import compare  # OpenCV: only the functions with the layer get here

    logs.configure(settings().log_level, stage=settings().stage)
    for record in event:
        job = TileJob.from_json(record.body)
        with logs.invocation("compare_tile", event.context), logs.job(job):
            monitoring.compare_tile(
                job,
                runs=wiring.tile_runs(),
                images=wiring.images(),
                jobs=wiring.jobs(),
                compare=compare,
                clock=wiring.clock,
                lease_s=settings().lease_s,
            )
