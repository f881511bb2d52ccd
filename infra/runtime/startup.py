"""What a process that works on jobs needs at its start."""

from __future__ import annotations

from chalicelib.composition import Ports
from infra.runtime.queue_source import OutboxQueueSource


def queue_source_of(ports: Ports) -> OutboxQueueSource:
    """Make the source of a worker's messages where the database carries the jobs."""
    return OutboxQueueSource(
        ports.outbox,
        queues={name: queue for queue, name in ports.queue_names.items()},
        clock=ports.clock,
        lease_s=ports.settings.lease_s,
        max_receives=ports.settings.max_receives,
    )
