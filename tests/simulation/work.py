"""Workers and ticks: messages of the queues and events of the clock, taken through the very handlers of Lambda."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import DomainError
from chalicelib.functions import capture, compare, notify, reconcile
from infra.runtime.invoke import InvokeError, failure_of
from infra.runtime.startup import queue_source_of
from infra.runtime.worker import AWAY_S, bring_back
from tests.simulation import looking
from tests.simulation.baton import Task
from tests.simulation.upkeep import Upkeep
from tests.simulation.world import START

if TYPE_CHECKING:
    from tests.simulation.history import History


class _Context:
    """Lambda's context."""

    aws_request_id = "simulated"

    def get_remaining_time_in_millis(self) -> int:
        return 120_000


CONTEXT = _Context()
TICK = {
    "version": "0",
    "id": "tick",
    "detail-type": "Scheduled Event",
    "detail": {},
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-03-01T00:00:00Z",
    "region": "local",
    "resources": [],
}
EXPECTED = (
    "does not survive",
    f"'{looking.UNREADABLE}' is not a valid Sensitivity",
)  # raised by this simulation's hand
TICKS = {"capture_areas": capture.capture_areas, "reconcile": reconcile.reconcile}


class Work:
    """What takes messages and ticks."""

    def __init__(self, history: History) -> None:
        self._history, self._world = history, history.world
        ports = history.ports
        self._handlers: dict[str, Any] = {
            ports.settings.queues.captures_queue: capture.capture_tile,
            ports.settings.queues.comparisons_queue: compare.compare_tile,
            ports.settings.queues.notifications_queue: notify.notify_session,
        }
        self.queues = tuple(self._handlers)
        self._source = queue_source_of(ports)
        self.rests_until = START  # no worker begins before: the last one found no queue
        self._number = 0

    @property
    def workers(self) -> int:
        """How many workers are at work."""
        return sum(task.name.startswith("worker") for task in self._history.tasks)

    def start(self, name: str, work: Any) -> Task:
        """Start a task."""
        self._number += 1
        task = Task(f"{name} {self._number}", work)
        self._history.tasks.append(task)
        return task

    def take_one(self) -> None:
        """Start a worker on one of the queues that have something to take, if there is one."""
        now = self._world.true_now
        if now < self.rests_until:
            return
        waiting = [queue for queue, at in looking.next_messages(self._history).items() if at <= now]
        if waiting:
            queue = self._world.rng.choice(waiting)
            deliver = self._from_outbox if self._history.sqs is None else self._from_sqs
            short = queue.rpartition("-")[2]
            self.start(f"worker {short}", lambda: deliver(queue))

    def tick(self, function: str) -> None:
        """Start what the clock starts, unless it is at work still."""
        if not any(task.name.startswith(function) for task in self._history.tasks):
            self.start(function, lambda: self._ticked(function))

    def _ticked(self, function: str) -> None:
        upkeep = Upkeep(self._history) if function == "reconcile" else None
        if self._guarded(lambda: TICKS[function](TICK, CONTEXT)) is None and upkeep is not None:
            upkeep.ended()

    def _from_outbox(self, queue: str) -> None:
        try:
            message = self._source.receive(queue)
            if message is None:
                return
            failure = self._handled(queue, message.body)
            if failure is None:
                self._source.done(message)
                looking.check_carried_on(self._history, message.body)
            else:
                bring_back(self._source, message, failure)
        except DomainError as error:  # the queue itself: the message comes back when its lease ends
            self._world.tell(f"queue failed: {error.reason}")
            self.rests_until = self._world.true_now + timedelta(seconds=self._world.rng.uniform(1, 10) * AWAY_S)

    def _from_sqs(self, queue: str) -> None:
        sqs = self._history.sqs
        held = sqs.take(queue)
        if held is not None and self._handled(queue, held.body) is None:
            sqs.done(queue, held)

    def _handled(self, queue: str, body: str) -> InvokeError | None:
        """Take a message through its handler; return why it comes back, if it does."""
        job = json.loads(body)
        task = self._world.crew.current
        task.about, task.clock_error = job.get("tile_run_id"), None  # it is worked on in another process
        self._world.tell(f"takes {queue}: session {job['session_id']} tile run {task.about}")
        event = {"Records": [{"body": body, "receiptHandle": "", "messageId": "1", "attributes": {}}]}
        return self._guarded(lambda: self._handlers[queue](event, CONTEXT))

    def _guarded(self, work: Any) -> InvokeError | None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (as in Lambda: whatever a handler raises brings the message back)
            failure = failure_of(error)
            self._world.tell(f"handler raised {failure}")
            if not isinstance(error, DomainError) and not any(words in str(failure) for words in EXPECTED):
                self._world.violated("a handler raises what has no name", str(failure))
            return failure
        return None
