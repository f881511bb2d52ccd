"""The handlers of capture: the clock that opens sessions, and the queue whose tiles are captured."""

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent

from chalicelib import logs
from chalicelib.application import capture_tile as use_case
from chalicelib.application.look_for_arrivals import look_for_arrivals
from chalicelib.application.open_sessions import open_due_sessions
from chalicelib.composition import Ports
from chalicelib.domain.jobs import TileJob
from chalicelib.functions.handler import handler, queue_handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)
ENOUGH_MS = 10_000  # what opening one more session may take
SEARCH_MS = 30_000  # what one more search may take


@blueprint.schedule(settings().trip.capture_schedule)
@handler
def capture_areas(event: CloudWatchEvent, ports: Ports) -> None:
    """Open a session for every area whose time has come."""
    context: Any = event.context
    request_id = str(context.aws_request_id)  # the tick began it
    with logs.bound(request_id=request_id):
        open_due_sessions(
            areas=ports.areas,
            sessions=ports.sessions,
            jobs=ports.jobs,
            clock=ports.clock,
            has_time=lambda: context.get_remaining_time_in_millis() > ENOUGH_MS,
            request_id=request_id,
        )
        look_for_arrivals(
            providers=ports.showing_arrivals,
            arrivals=ports.arrivals,
            imagery=ports.imagery,
            breakers=ports.breakers,
            clock=ports.clock,
            jitter=ports.jitter,
            has_time=lambda: context.get_remaining_time_in_millis() > SEARCH_MS,
        )


@blueprint.on_sqs_message(
    queue=settings().queues.captures_queue, batch_size=1, maximum_concurrency=settings().queues.max_concurrency
)
@queue_handler(TileJob.from_json)
def capture_tile(job: TileJob, ports: Ports) -> None:
    """Capture the tile named by one queue message."""
    from chalicelib.vision.gate import inspect  # OpenCV: only the functions with the layer get here

    use_case.capture_tile(
        job,
        runs=ports.tile_runs,
        tile_images=ports.tile_images,
        searches=ports.scene_searches,
        captures=ports.captures,
        breakers=ports.breakers,
        imagery=ports.imagery,
        images=ports.images,
        jobs=ports.jobs,
        inspect=inspect,
        clock=ports.clock,
        jitter=ports.jitter,
        lease_s=ports.settings.queues.lease_s,
        most_tiles=ports.ledger.most_tiles,
    )
