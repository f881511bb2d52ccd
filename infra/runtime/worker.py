"""The worker: takes jobs and ticks the clock, through the handlers that Lambda would call.

What there is to do is read from the Chalice app: its queues, its schedules, its functions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import closing

from chalice.app import Chalice, ScheduledEventConfig, SQSEventConfig

from chalicelib import logs
from chalicelib.application.ports.clock import Clock, Monotonic
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import ids_in
from infra.runtime.invoke import Failed, Held, Invoke, InvokeError, NoAnswer, NotNow
from infra.runtime.lambda_events import queue_event, tick_event
from infra.runtime.queue_source import QueueMessage, QueueSource
from infra.runtime.ticks import Ticks

log = logging.getLogger(__name__)
IDLE_S = 0.25
AWAY_S = 2.0  # after the source itself failed: a database that is away is not asked, and not logged, without end
TELL_FOR_S = 60.0  # so long a source that is away is told again what came of a message: half of a message's lease
NOT_NOW_S = 5.0
MAX_BACKOFF_S = 60.0


class Worker:
    """Threads that work on jobs, and one that ticks. `stop` lets each finish what it holds. Raises OperatorError.

    Each thread makes its own way to the app's functions by `invoker`. Where several processes share a database,
    `may_tick` is asked before each look at the clock whether it is this one's turn; None never ticks.
    """

    def __init__(
        self,
        app: Chalice,
        source: QueueSource,
        *,
        invoker: Callable[[], Invoke],
        clock: Clock,
        monotonic: Monotonic,
        wakeup: threading.Event,
        threads: int,
        may_tick: Callable[[], bool] | None = lambda: True,
        idle_s: float = IDLE_S,
    ) -> None:
        self._source, self._invoker, self._wakeup = source, invoker, wakeup
        self._clock, self._monotonic = clock, monotonic
        self._idle_s = idle_s
        self._stopping = threading.Event()
        queues = [event for event in app.event_sources if isinstance(event, SQSEventConfig)]
        # The last stop of the trip first: what has begun is finished before more is begun.
        self._queues: Mapping[str, str] = {str(event.queue): event.name for event in reversed(queues)}
        schedules = [event for event in app.event_sources if isinstance(event, ScheduledEventConfig)]
        expressions = {event.name: _expression(event) for event in schedules}
        self._ticks = Ticks(expressions, clock=clock, monotonic=monotonic)
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
        end = self._monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, end - self._monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        with closing(self._invoker()) as invoke:
            while not self._stopping.is_set():
                try:
                    invoke.ready()
                    busy = self._work_once(invoke)
                except NoAnswer:
                    log.exception("child not started")
                    self._stopping.wait(AWAY_S)
                except Exception:
                    # The source itself failed (a database away, a disk full): say so, and look again.
                    log.exception("mailbox failed")
                    self._stopping.wait(AWAY_S)
                else:
                    if not busy:
                        self._wakeup.wait(self._idle_s)
                        self._wakeup.clear()

    def _work_once(self, invoke: Invoke) -> bool:
        """Take one message through its handler; return whether there was one."""
        for queue, function in self._queues.items():
            message = self._source.receive(queue)
            if message is not None:
                self._handle(message, queue, function, invoke)
                return True
        return False

    def _handle(self, message: QueueMessage, queue: str, function: str, invoke: Invoke) -> None:
        failure: InvokeError | None = None
        try:
            invoke(function, queue_event(queue, body=message.body, receives=message.receives))
        except InvokeError as error:
            failure = error
        self._wakeup.set()  # what the function wrote may be work for the other threads
        if failure is None:
            self._tell(lambda: self._source.done(message))
            return
        with logs.bound(function=function, **ids_in(message.body)):
            log.warning("message came back", extra={"reason": str(failure)})
        self._tell(lambda: bring_back(self._source, message, failure))

    def _tell(self, tell: Callable[[], None]) -> None:
        """Tell the source what came of a message, for a while also if it is away: else the message's lease must end."""
        end = self._monotonic() + TELL_FOR_S
        while True:
            try:
                tell()
            except Unavailable as error:
                if self._stopping.is_set() or self._monotonic() >= end:
                    raise
                log.warning("mailbox away", extra={"reason": error.reason})
                self._stopping.wait(AWAY_S)
            else:
                return

    def _tick(self, is_my_turn: Callable[[], bool]) -> None:
        with closing(self._invoker()) as invoke:
            while not self._stopping.is_set():
                try:
                    for function in self._ticks.due():
                        if not self._stopping.is_set() and is_my_turn():
                            self._fire(function, invoke)
                            self._ticks.fired(function)
                except Exception:
                    log.exception("clock failed")  # it looks again: nothing else would ever tick
                    self._stopping.wait(AWAY_S)
                self._stopping.wait(1.0)

    def _fire(self, function: str, invoke: Invoke) -> None:
        try:
            invoke(function, tick_event(function, self._clock()))
        except Exception as error:  # also of what stands in the way here: the next ones are due all the same
            log.exception("tick failed", extra={"function": function, "reason": str(error)})
        finally:
            self._wakeup.set()


def bring_back(source: QueueSource, message: QueueMessage, failure: InvokeError) -> None:
    """Tell a source that a message's work did not end well: what that costs it depends on how."""
    reason = str(failure)
    match failure:
        case NotNow():
            source.not_tried(message, wait_s=NOT_NOW_S, is_held=isinstance(failure, Held))
        case Failed():
            source.failed(message, reason=reason, wait_s=min(MAX_BACKOFF_S, 0.5 * 2**message.receives))
        case _:
            source.unanswered(message, reason=reason)


def _expression(event: ScheduledEventConfig) -> str:
    expression = event.schedule_expression
    return expression if isinstance(expression, str) else expression.to_string()
