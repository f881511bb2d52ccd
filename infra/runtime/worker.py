"""The worker: takes jobs and ticks the clock, through the handlers that Lambda would call.

What there is to do is read from the Chalice app: its queues, its schedules, its functions.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalice.app import Chalice, ScheduledEventConfig, SQSEventConfig
from chalice.local import LambdaContext

from chalicelib import logs
from chalicelib.domain.jobs import ids_in
from infra.runtime.queue_source import QueueMessage, QueueSource
from infra.runtime.schedules import next_time

log = logging.getLogger(__name__)
IDLE_S = 0.25
AWAY_S = 2.0  # after the source itself failed: a database that is away is not asked, and not logged, without end
MAX_BACKOFF_S = 60.0
TIMEOUT_MS = 120_000


class Worker:
    """Threads that work on jobs, and one that ticks. `stop` lets each finish what it holds. Raises OperatorError.

    Where several processes share a database, `may_tick` is asked before each look at the clock whether it is this
    one's turn; None never ticks.
    """

    def __init__(
        self,
        app: Chalice,
        source: QueueSource,
        *,
        clock: Callable[[], datetime],
        wakeup: threading.Event,
        threads: int,
        may_tick: Callable[[], bool] | None = lambda: True,
        idle_s: float = IDLE_S,
    ) -> None:
        self._app, self._source, self._clock, self._wakeup = app, source, clock, wakeup
        self._idle_s = idle_s
        self._stopping = threading.Event()
        queues = [event for event in app.event_sources if isinstance(event, SQSEventConfig)]
        # The last stop of the trip first: what has begun is finished before more is begun.
        self._queues: Mapping[str, str] = {str(event.queue): event.name for event in reversed(queues)}
        schedules = [event for event in app.event_sources if isinstance(event, ScheduledEventConfig)]
        self._schedules = {event.name: _expression(event) for event in schedules}
        for expression in self._schedules.values():
            next_time(expression, after=clock())  # one that cannot be read must not end the clock later on
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True) for number in range(threads)
        ]
        if may_tick is not None:
            self._threads.append(threading.Thread(target=self._tick, args=(may_tick,), name="clock", daemon=True))

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_s: float) -> bool:
        """Stop taking jobs, and wait for those that are held; return whether all of them ended."""
        self._stopping.set()
        self._wakeup.set()
        end = self._clock() + timedelta(seconds=within_s)
        for thread in self._threads:
            thread.join(max(0.0, (end - self._clock()).total_seconds()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self.work_once()
            except Exception:
                # The source itself failed (a database away, a disk full): say so, and look again.
                log.exception("mailbox failed")
                self._stopping.wait(AWAY_S)
                continue
            if not busy:
                self._wakeup.wait(self._idle_s)
                self._wakeup.clear()

    def work_once(self) -> bool:
        """Take one message through its handler; return whether there was one."""
        for queue, function in self._queues.items():
            message = self._source.receive(queue)
            if message is not None:
                self._handle(message, queue, function)
                return True
        return False

    def _handle(self, message: QueueMessage, queue: str, function: str) -> None:
        record = {
            "messageId": f"{queue}-{message.receives}",
            "receiptHandle": "",
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:local:000000000000:{queue}",
            "awsRegion": "local",
        }
        try:
            self._invoke(function, {"Records": [record]})
        except Exception as error:  # noqa: BLE001 (as in Lambda: any exception of a handler brings the message back)
            reason = "".join(traceback.format_exception_only(error)).strip()
            with logs.bound(function=function, **ids_in(message.body)):
                log.warning("message came back", extra={"reason": reason})
            self._source.failed(message, reason=reason, wait_s=min(MAX_BACKOFF_S, 0.5 * 2**message.receives))
        else:
            self._source.done(message)

    def _tick(self, is_my_turn: Callable[[], bool]) -> None:
        due = dict.fromkeys(self._schedules, self._clock())
        while not self._stopping.is_set():
            now = self._clock()
            for function, due_at in due.items():
                if due_at <= now and not self._stopping.is_set() and is_my_turn():
                    self._fire(function, due_at)
                    due[function] = next_time(self._schedules[function], after=now)
            self._stopping.wait(1.0)

    def _fire(self, function: str, due_at: datetime) -> None:
        event = {
            "version": "0",
            "id": f"{function}-{due_at:%Y%m%dT%H%M%S}",
            "detail-type": "Scheduled Event",
            "detail": {},
            "source": "aws.events",
            "account": "000000000000",
            "time": f"{due_at:%Y-%m-%dT%H:%M:%SZ}",
            "region": "local",
            "resources": [],
        }
        try:
            self._invoke(function, event)
        except Exception:
            log.exception("tick failed", extra={"function": function})

    def _invoke(self, function: str, event: Mapping[str, Any]) -> None:
        handler: Any = self._app.handler_map[function]
        handler(event, LambdaContext(function, 2048, TIMEOUT_MS))


def _expression(event: ScheduledEventConfig) -> str:
    expression = event.schedule_expression
    return expression if isinstance(expression, str) else expression.to_string()
