"""What a process that works on jobs needs at its start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chalicelib.composition import Ports
from infra.runtime.children import Child, ChildOptions, children
from infra.runtime.queue_source import OutboxQueueSource


def queue_source_of(ports: Ports) -> OutboxQueueSource:
    """Make the source of a worker's messages where the database carries the jobs."""
    return OutboxQueueSource(
        ports.outbox,
        queues={name: queue for queue, name in ports.queue_names.items()},
        clock=ports.clock,
        lease_s=ports.settings.queues.lease_s,
        max_receives=ports.settings.queues.max_receives,
    )


def children_of(ports: Ports, *, app: str, log_path: Path | None) -> Callable[[], Child]:
    """Return what makes a worker's thread its child, which runs the functions of the app at `module:attribute`."""
    chosen = ports.settings
    return children(
        ChildOptions(
            app=app,
            limit_s=chosen.queues.job_limit_s,
            memory_mib=chosen.queues.job_memory_mib,
            log_path=log_path,
            limits_s={"import_areas": chosen.layers.import_limit_s},
        )
    )
