"""The handler of comparison."""

from chalice.app import Blueprint

from chalicelib.application import compare_tile as use_case
from chalicelib.composition import Ports
from chalicelib.domain.jobs import TileJob
from chalicelib.functions.handler import queue_handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(
    queue=settings().queues.comparisons_queue, batch_size=1, maximum_concurrency=settings().queues.max_concurrency
)
@queue_handler(TileJob.from_json)
def compare_tile(job: TileJob, ports: Ports) -> None:
    """Compare the tile named by one queue message."""
    from chalicelib.vision.changes import compare, compare_with_baseline  # OpenCV: only where the layer is

    use_case.compare_tile(
        job,
        runs=ports.tile_runs,
        images=ports.images,
        jobs=ports.jobs,
        compare=compare,
        compare_with_baseline=compare_with_baseline,
        clock=ports.clock,
        jitter=ports.jitter,
        lease_s=ports.settings.queues.lease_s,
    )
