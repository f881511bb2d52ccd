"""The doors of capture: the clock that opens sessions, and the queue that fetches tiles."""

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, SQSEvent

from chalicelib import logs, wiring
from chalicelib.domain import monitoring
from chalicelib.domain.jobs import TileJob
from chalicelib.settings import settings

door = Blueprint(__name__)
ENOUGH_MS = 10_000  # what opening one more session may take


@door.schedule(settings().capture_schedule)
def capture_areas(event: CloudWatchEvent) -> None:
    """Open a session for every area whose time has come."""
    context: Any = event.context
    logs.configure(settings().log_level, stage=settings().stage)
    with logs.invocation("capture_areas", context), logs.request(str(context.aws_request_id)):  # the tick began it
        monitoring.capture_areas(
            areas=wiring.areas(),
            sessions=wiring.sessions(),
            jobs=wiring.jobs(),
            clock=wiring.clock,
            has_time=lambda: context.get_remaining_time_in_millis() > ENOUGH_MS,
        )


@door.on_sqs_message(queue=settings().captures_queue, batch_size=1, maximum_concurrency=settings().max_concurrency)
def capture_tile(event: SQSEvent) -> None:
    """Capture the tile named by one queue message."""
    from chalicelib.vision.gate import inspect  # OpenCV: only the functions with the layer get here

    logs.configure(settings().log_level, stage=settings().stage)
    for record in event:
        job = TileJob.from_json(record.body)
        with logs.invocation("capture_tile", event.context), logs.job(job):
            monitoring.capture_tile(
                job,
                runs=wiring.tile_runs(),
                imagery=wiring.imagery,
                images=wiring.images(),
                jobs=wiring.jobs(),
                inspect=inspect,
                clock=wiring.clock,
                lease_s=settings().lease_s,
            )
