"""The worker's threads, on a source and functions of the test's own."""

import threading
import time
from datetime import UTC, datetime

import pytest
from chalice import Chalice

from chalicelib.domain.errors import Busy, Unavailable
from infra.runtime.invoke import Failed, Held, InProcess, NoAnswer, NotNow
from infra.runtime.queue_source import QueueMessage
from infra.runtime.worker import Worker


class OneMessage:
    """A source of one message, which may be away; `told` is what came of it."""

    def __init__(self):
        self.messages, self.told, self.away, self.ended = [QueueMessage("{}", 3, None)], [], 0, threading.Event()

    def receive(self, _queue):
        return self.messages.pop() if self.messages else None

    def _tell(self, *what):
        if self.away:
            self.away -= 1
            raise Unavailable("the database does not answer")
        self.told.append(what)
        self.ended.set()

    def done(self, _message):
        self._tell("done")

    def failed(self, _message, *, reason, wait_s):
        self._tell("failed", reason, wait_s)

    def not_tried(self, _message, *, wait_s, is_held):
        self._tell("not tried", wait_s, *(["held"] if is_held else []))

    def unanswered(self, _message, *, reason):
        self._tell("unanswered", reason)


@pytest.fixture
def app():
    made = Chalice("working", configure_logs=False)
    made.outcome, made.ticked = None, threading.Event()

    @made.on_sqs_message(queue="jobs")
    def work(event):
        assert [record.body for record in event] == ["{}"]
        if made.outcome:
            raise made.outcome

    @made.schedule("rate(1 hour)")
    def tick(_event):
        made.ticked.set()

    return made


def worker_of(app, source, *, invoker=None, **parts):
    given = {"clock": lambda: datetime.now(UTC), "monotonic": time.monotonic, "wakeup": threading.Event()}
    return Worker(app, source, invoker=invoker or (lambda: InProcess(app)), **{"threads": 1} | given | parts)


class Lost:
    """The way to a function whose process is lost each time."""

    def ready(self):
        pass

    def __call__(self, function, _event):
        raise NoAnswer(f"{function} crashed")

    def close(self):
        pass


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (None, ("done",)),
        (ValueError("x"), ("failed", "ValueError: x", 4.0)),
        (Unavailable("away"), ("not tried", 5.0)),
    ],
)
@pytest.mark.parametrize("times_away", [0, 1])
def test_the_source_is_told_what_came_of_a_message_also_when_it_was_away(app, outcome, told, times_away):
    app.outcome, source = outcome, OneMessage()
    source.away = times_away
    worker = worker_of(app, source)
    worker.start()
    assert source.ended.wait(20)
    assert worker.stop(within_s=10)
    assert source.told == [told]


def test_a_lost_process_is_no_failure_of_the_clock_or_the_thread(app):
    source = OneMessage()
    worker = worker_of(app, source, invoker=Lost)
    worker.start()
    assert source.ended.wait(20)
    source.messages.append(QueueMessage("{}", 4, None))
    end = time.monotonic() + 20
    while len(source.told) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert worker.stop(within_s=10)
    assert source.told == [("unanswered", "work crashed")] * 2


class Unable(InProcess):
    """The way to the functions whose machine has no thread left when it is first asked."""

    def __init__(self, app):
        super().__init__(app)
        self.asked = []

    def __call__(self, function, event):
        self.asked.append(function)
        if len(self.asked) == 1:
            raise RuntimeError("can't start new thread")
        super().__call__(function, event)


def test_nothing_that_is_raised_ends_the_clock(app):
    seconds, turns = [0.0], iter([OSError("no file left"), *[True] * 100])

    def is_my_turn():
        turn = next(turns)
        if turn is not True:
            raise turn
        return turn

    way = Unable(app)
    parts = {"monotonic": lambda: seconds[0], "may_tick": is_my_turn, "threads": 0}
    worker = worker_of(app, OneMessage(), invoker=lambda: way, **parts)
    worker.start()
    end = time.monotonic() + 20
    while not way.asked:
        assert time.monotonic() < end
        time.sleep(0.02)
    while not app.ticked.wait(0.1):  # again and again: when it is due next is counted after what was raised
        assert time.monotonic() < end, "the next time it is due it ticks"
        seconds[0] += 7200
    assert worker.stop(within_s=10)
    assert way.asked[:2] == ["tick"] * 2


def test_stopping_does_not_ask_the_wall_clock(app):
    source = OneMessage()
    moments = iter(datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in [9] * 4 + [2] * 100)
    worker = worker_of(app, source, clock=lambda: next(moments))
    worker.start()
    assert app.ticked.wait(20)
    began = time.monotonic()
    assert worker.stop(within_s=30)
    assert time.monotonic() - began < 20


def test_what_is_raised_here_is_told_as_from_a_child(app):
    event = {"Records": [{"body": "{}", "receiptHandle": "", "messageId": ""}]}
    for outcome, kind in ((KeyError("a"), Failed), (Unavailable("away"), NotNow), (Busy("held"), Held)):
        app.outcome = outcome
        with pytest.raises(kind):
            InProcess(app)("work", event)
