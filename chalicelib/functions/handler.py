"""What every function does around its work: logs set up, its invocation's ids on each line, the process's ports."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from chalicelib import logs
from chalicelib.composition import Ports, process_ports
from chalicelib.domain.jobs import Job

R = TypeVar("R")
J = TypeVar("J", bound=Job)


def handler(work: Callable[[Any, Ports], R]) -> Callable[..., R]:
    """Turn `work(event, ports)` into a function of Lambda's. Its context is an argument, or the event's own."""

    @wraps(work)
    def invoke(event: Any, context: Any = None) -> R:  # noqa: ANN401 (Chalice's event, or Lambda's own)
        ports = process_ports()
        logs.configure(ports.settings.process.log_level, stage=ports.settings.process.stage)
        with logs.invocation(work.__name__, context if context is not None else event.context):
            return work(event, ports)

    return invoke


def queue_handler(read: Callable[[str], J]) -> Callable[[Callable[[J, Ports], None]], Callable[..., None]]:
    """Turn `work(job, ports)` into a handler of a queue; `read` makes a job of a message, and raises BadMessage."""

    def decorate(work: Callable[[J, Ports], None]) -> Callable[..., None]:
        @handler
        @wraps(work)
        def work_on_each(event: Any, ports: Ports) -> None:  # noqa: ANN401 (Chalice's event)
            for record in event:
                job = read(record.body)
                with logs.job(job):
                    work(job, ports)
                    ports.jobs.send_next()

        return work_on_each

    return decorate
