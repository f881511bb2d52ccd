"""The worker at home: takes jobs and ticks the clock, through the very handlers that Lambda would call.

What there is to do is read from the Chalice app: its queues, its schedules, its functions.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from chalice.app import Chalice, ScheduledEventConfig, SQSEventConfig
from chalice.local import LambdaContext

from chalicelib import logs
from chalicelib.domain.jobs import ids_in
from infra.local.schedules import next_time

log = logging.getLogger(__name__)
IDLE_S = 0.25
AWAY_S = 2.0  # after the mailbox itself failed: a database that is away is not asked, and not logged, without end
MAX_BACKOFF_S = 60.0
TIMEOUT_MS = 120_000


class Letter(NamedTuple):
    """A message as a mailbox hands it out; `held` is what the mailbox wants back."""

    body: str
    receives: int
    held: Any


class Mailbox(Protocol):
    """Where the messages of the app's queues come from."""

    def receive(self, queue: str) -> Letter | None:
        """Take the next message of the queue of that name."""
        ...

    def done(self, letter: Letter) -> None:
        """Its handler returned."""
        ...

    def failed(self, letter: Letter, *, reason: str, wait_s: float) -> None:
        """Its handler raised: it comes back after a while, or is a dead letter."""
        ...


class Worker:
    """Threads that work on jobs, and one that ticks. `stop` lets each finish what it holds. Raises BadSchedule.

    Where several processes share a database, `may_tick` says before each look at the clock whose turn it is: this
    one's (True), another's (False), or, where it is None, that this one never ticks.
    """

    def __init__(
        self,
        app: Chalice,
        mailbox: Mailbox,
        *,
        clock: Callable[[], datetime],
        wakeup: threading.Event,
        threads: int,
        may_tick: Callable[[], bool] | None = lambda: True,
        idle_s: float = IDLE_S,
    ) -> None:
        self._app, self._mailbox, self._clock, self._wakeup = app, mailbox, clock, wakeup
        self._idle_s = idle_s
        self._stopping = threading.Event()
        queues = [event for event in app.event_sources if isinstance(event, SQSEventConfig)]
        # The last stop of the trip first: what has begun is finished before more is begun.
        self._queues: Mapping[str, str] = {str(event.queue): event.name for event in reversed(queues)}
        schedules = [event for event in app.event_sources if isinstance(event, ScheduledEventConfig)]
        self._schedules = {event.name: _expression(event) for event in schedules}
        for expression in self._schedules.values():
            next_time(expression, after=clock())  # one that nobody can read must not end the clock later on
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
        """Stop taking jobs, and wait for those that are held; say whether all of them ended."""
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
                # The mailbox itself failed (a database away, a disk full): say so, and look again.
                log.exception("mailbox failed")
                self._stopping.wait(AWAY_S)
                continue
            if not busy:
                self._wakeup.wait(self._idle_s)
                self._wakeup.clear()

    def work_once(self) -> bool:
        """Take one message through its handler; say whether there was one."""
        for queue, function in self._queues.items():
            letter = self._mailbox.receive(queue)
            if letter is not None:
                self._handle(letter, queue, function)
                return True
        return False

    def _handle(self, letter: Letter, queue: str, function: str) -> None:
        record = {
            "messageId": f"{queue}-{letter.receives}",
            "receiptHandle": "",
            "body": letter.body,
            "attributes": {"ApproximateReceiveCount": str(letter.receives)},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:local:000000000000:{queue}",
            "awsRegion": "local",
        }
        try:
            self._invoke(function, {"Records": [record]})
        except Exception as error:  # noqa: BLE001 (as in Lambda: whatever a handler raises brings the message back)
            reason = "".join(traceback.format_exception_only(error)).strip()
            with logs.bound(function=function, **ids_in(letter.body)):
                log.warning("message came back", extra={"reason": reason})
            self._mailbox.failed(letter, reason=reason, wait_s=min(MAX_BACKOFF_S, 0.5 * 2**letter.receives))
        else:
            self._mailbox.done(letter)

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
