"""The door of notification."""

from chalice.app import Blueprint, SQSEvent

from chalicelib import logs, wiring
from chalicelib.domain import monitoring
from chalicelib.domain.alerts import Target
from chalicelib.domain.jobs import SessionJob
from chalicelib.settings import settings

door = Blueprint(__name__)


@door.on_sqs_message(queue=settings().notifications_queue, batch_size=1, maximum_concurrency=2)
def notify_session(event: SQSEvent) -> None:
    """Push the alerts of the session named by one queue message."""
    logs.configure(settings().log_level, stage=settings().stage)
    for record in event:
        job = SessionJob.from_json(record.body)
        with logs.invocation("notify_session", event.context), logs.job(job):
            monitoring.notify_session(
                job,
                deliveries=wiring.deliveries(),
                push=wiring.push(),
                targets=[Target.parse(text) for text in settings().default_targets],
                clock=wiring.clock,
                lease_s=settings().lease_s,
            )
