"""The handler of uploads to the archive's bucket."""

from chalice.app import Blueprint, SQSEvent

from chalicelib.application import index_uploads as use_case
from chalicelib.composition import Ports
from chalicelib.functions.handler import handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)
AT_ONCE = 1000  # notifications of about 2 KB: one look at the archive answers them all
GATHER_S = 5  # so long the first of them waits for others


@blueprint.on_sqs_message(
    queue=settings().queues.uploads_queue,
    batch_size=AT_ONCE,
    maximum_batching_window_in_seconds=GATHER_S,
    maximum_concurrency=2,
)
@handler
def index_uploads(event: SQSEvent, ports: Ports) -> None:
    """Index what was uploaded to the archive, and drop what was removed from it."""
    bodies = [record.body for record in event]
    use_case.index_uploads(bodies, archive=ports.indexed_archive, place=ports.settings.providers.archive)
