"""The handler of notification."""

from chalice.app import Blueprint

from chalicelib.application import notify
from chalicelib.composition import Ports
from chalicelib.domain.jobs import SessionJob
from chalicelib.functions.handler import queue_handler
from chalicelib.settings import settings

blueprint = Blueprint(__name__)


@blueprint.on_sqs_message(queue=settings().queues.notifications_queue, batch_size=1, maximum_concurrency=2)
@queue_handler(SessionJob.from_json)
def notify_session(job: SessionJob, ports: Ports) -> None:
    """Push the alerts of the session, or the notice of states, named by one queue message."""
    notify.notify_session(
        job,
        deliveries=ports.deliveries,
        push=ports.push,
        targets=ports.default_targets,
        clock=ports.clock,
        lease_s=ports.settings.queues.lease_s,
    )
