"""How long nine tiles wait beside 2,601 that were asked for before them, where provider and detector cost nothing.

Run as `python -m tests.bench.fair_turns [--queue outbox|sqs] [--engine sqlite|mysql] [--workers 2]`. A large session of
one user is open and being worked on when another user opens a small one; the seconds until the small one has ended are
printed, with what the large one had done by then. SQS is the stand-in of the tests.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.queues.sqs import SqsJobs
from chalicelib.domain.jobs import Queue, SessionJob, TileJob
from tests.support.databases.copies import MySqlDatabases, SqliteDatabases, migrate
from tests.support.standins.aws import aws
from tests.support.trip import Trip

LARGE, SMALL, BEGUN = 2601, 9, 40


class SqsTrip(Trip):
    """The trip with SQS between its stops."""

    def __init__(self, engine):
        super().__init__(engine)
        made = aws().make_queues(max_receives=5)
        self._sqs, self._urls = aws().client("sqs"), made.urls
        self.jobs = SqsJobs(
            self._sqs, self.outbox, queue_urls=made.urls, dead_letter_urls=made.dead_letter_urls, clock=self.clock
        )

    def work_once(self):
        """Take what the first queue has that has anything, as Lambda's pollers would."""
        handlers = {
            Queue.NOTIFICATIONS: lambda body: self.notify(SessionJob.from_json(body)),
            Queue.COMPARISONS: lambda body: self.compare_tile(TileJob.from_json(body)),
            Queue.CAPTURES: lambda body: self.capture_tile(TileJob.from_json(body)),
        }
        for queue, handle in handlers.items():
            url = self._urls[queue]
            for message in self._sqs.receive_message(QueueUrl=url).get("Messages", []):
                handle(message["Body"])
                self.jobs.send_next()
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return True
        return False


def measure(trip: Trip, *, workers: int) -> tuple[float, int]:
    """Return the seconds that the small session took, and the tiles of the large one that ended meanwhile."""
    large, small = trip.add_area(tiles=LARGE), trip.add_area(user=trip.add_user(), tiles=SMALL)
    trip.show("march")
    first = trip.capture_now(large)
    for _ in range(BEGUN):
        trip.work_once()
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            if not trip.work_once():
                stopping.wait(0.01)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    done_before = trip.session(first).tiles_done
    began = time.perf_counter()
    second = trip.capture_now(small)
    for thread in threads:
        thread.start()
    while trip.sessions.get(second.session_id, user_id=small.user_id).is_open:
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    done = trip.session(first).tiles_done - done_before
    stopping.set()
    for thread in threads:
        thread.join()
    return seconds, done


def main() -> None:
    """Measure once and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queue", choices=("outbox", "sqs"), default="outbox")
    parser.add_argument("--engine", choices=("sqlite", "mysql"), default="sqlite")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = SqliteDatabases(place, migrate) if options.engine == "sqlite" else MySqlDatabases(migrate, None)
        engine = make_engine(source.migrated(place))
        trip = Trip(engine) if options.queue == "outbox" else SqsTrip(engine)
        seconds, done = measure(trip, workers=options.workers)
        engine.dispose()
        source.close()
    print(
        f"{options.queue}, {options.engine}, {options.workers} workers: {SMALL} tiles beside {LARGE} ended after"
        f" {seconds:.1f} s; {done} of the others meanwhile"
    )


if __name__ == "__main__":
    main()
