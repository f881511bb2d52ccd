"""The guards of the trip, each with the way to take it out."""

from __future__ import annotations

from typing import NamedTuple

DB = "chalicelib.adapters.database"
APPLICATION = "chalicelib.application"
DOMAIN = "chalicelib.domain"
ONE_WRITER = "SQLite has one writer at a time; tests/integration/test_races.py catches it on MySQL"


class Guard(NamedTuple):
    """A guard: `old` in the source of `target` becomes `new`; without `old`, the target itself does."""

    name: str
    module: str
    target: str
    old: str | None
    new: object
    hidden: str = ""  # why this simulation cannot see it


GUARDS = (
    # A tile's truth is what was compared
    Guard(
        "nothing new is said of an image that was never compared",
        f"{DB}.tile_runs",
        "SqlTileRuns",
        "if claim.newest is None or claim.newest.is_settled:",
        "if True:",
    ),
    Guard(
        "a reference is the last compared image",
        f"{DOMAIN}.references",
        "choose_reference",
        "(c.is_settled, c.clear_share",
        "(c.clear_share",
    ),
    Guard(
        "the stored object is looked for", f"{APPLICATION}.capture_tile", "_capture", "images.has(stored.key)", "True"
    ),
    Guard("a lost image is never used again", f"{DB}.images", "forget_image", '{"is_usable": False, ', "{"),
    # Who may write
    Guard(
        "fence and verdict: only the latest claim writes, and once",
        f"{DB}.tile_runs",
        "_is_held",
        "(RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)",
        "RUN.c.id == claim.tile_run_id",
    ),
    Guard(
        "fence: only the latest claim writes",
        f"{DB}.tile_runs",
        "_is_held",
        "& (RUN.c.fence == claim.fence) ",
        "",
    ),
    Guard(
        "lease: a held tile run is not claimed",
        f"{DB}.claims",
        "claim_run",
        ", RUN.c.lease_until.is_(None) | (RUN.c.lease_until <= now))",
        ")",
    ),
    Guard(
        "a dead letter ends no ended tile run", f"{DB}.tile_runs", "SqlTileRuns", " & RUN.c.verdict.is_(None)\n", "\n"
    ),
    Guard(
        "a pair has one comparison",
        f"{DB}.session_closing",
        "end_run",
        "if not add_comparison(connection, key, outcome, now=now):",
        "if add_comparison(connection, key, outcome, now=now) is None:",
    ),
    Guard(
        "the session is finished with its last tile run",
        f"{DB}.session_closing",
        "finish_if_done",
        "connection.execute(still_open).scalar_one()",
        "connection.execute(still_open).scalar_one() > 1",
    ),
    Guard(
        "the session's row is locked before counting",
        f"{DB}.session_closing",
        "lock_session",
        ".with_for_update()",
        "",
        ONE_WRITER,
    ),
    Guard(
        "a stalled job is written anew by one of two",
        f"{DB}.tile_runs",
        "SqlTileRuns",
        "RUN.c.id == row.id, RUN.c.retry_at <= now, RUN.c.state == row.state",
        "RUN.c.id == row.id",
        ONE_WRITER,
    ),
    # Bytes and rows
    Guard(
        "bytes before the row",
        f"{APPLICATION}.tile_work",
        "put_object",
        "    images.put(key, content)\n",
        "    with suppress(Unavailable):\n        images.put(key, content)\n",
    ),
    Guard(
        "an orphan is old",
        f"{APPLICATION}.reconcile",
        "_delete_orphans",
        "every_s=ORPHANS_EVERY_S)",
        "every_s=1.0)\n    orphan_age_s = -9e4",
    ),
    Guard(
        "only what no row names is an orphan",
        f"{APPLICATION}.reconcile",
        "_delete_orphans",
        "orphans.unreferenced(old)",
        "old",
    ),
    Guard(
        "a deleted area's objects go",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "_purge_deleted(areas, images, clock, sessions=sessions, jobs=jobs, isolation=isolation)",
        "pass",
    ),
    # Nothing is lost, and everything ends
    Guard(
        "stalled tile runs are tried again",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "runs.retry_stalled(now=clock(), limit=AT_ONCE)",
        "[]",
    ),
    Guard(
        "overdue sessions end",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "_end_overdue(sessions, jobs, clock, isolation)",
        "pass",
    ),
    Guard(
        "what was not sent is sent",
        "chalicelib.adapters.queues.sqs",
        "SqsJobs",
        "self._hand_over(self._outbox.unsent(before=self._clock() - self._overdue_after, limit=OVERDUE_AT_ONCE))",
        "0",
    ),
    Guard(
        "a queue that is away raises nothing",
        "chalicelib.adapters.queues.sqs",
        "SqsJobs",
        'except AWS_ERRORS as error:\n                logger.warning("jobs not sent"',
        'except ZeroDivisionError as error:\n                logger.warning("jobs not sent"',
    ),
    Guard(
        "a message is done only with its own receipt",
        f"{DB}.outbox",
        "SqlOutbox",
        "& (outbox.c.receives == received.receipt)",
        "",
    ),
    Guard(
        "a clock put back is repaired",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "clock_repairs.repair(now=clock())",
        "False",
    ),
    Guard("dead letters are taken", f"{APPLICATION}.reconcile", "reconcile", "jobs.dead_letters()", "[]"),
    Guard(
        "a deleted area's open session ends",
        f"{APPLICATION}.delete_area",
        "delete_area",
        "jobs.send(sessions.end_open_tiles(session_id, AREA_DELETED, now=clock(), request_id=request_id))",
        "pass",
        "reconcile ends it once more: the guard behind this one",
    ),
    Guard(
        "one open session an area",
        f"{DB}.sessions",
        "SqlSessions",
        "or self._open_one(connection, area_id) is not None",
        "",
    ),
    Guard(
        "each area is on its own",
        f"{APPLICATION}.open_sessions",
        "open_due_sessions",
        "with isolation.part(",
        "with __import__('contextlib').nullcontext(",
    ),
    # Transient is not final, and work without an answer is given up
    Guard("work without an answer is given up", f"{DOMAIN}.retries", "MAX_ATTEMPTS", None, 10**9),
    Guard(
        "attempts are counted at the claim",
        f"{DB}.claims",
        "claim_run",
        "attempts=RUN.c.attempts + 1",
        "attempts=RUN.c.attempts",
    ),
    Guard(
        "a provider in trouble is asked again",
        f"{APPLICATION}.capture_tile",
        "capture_tile",
        "except ProviderUnavailable as failure:",
        "except ZeroDivisionError as failure:",
    ),
    Guard(
        "a store that is away is waited for: capture",
        f"{APPLICATION}.capture_tile",
        "capture_tile",
        "except Unavailable as failure:",
        "except ZeroDivisionError as failure:",
    ),
    Guard(
        "a store that is away is waited for: comparison",
        f"{APPLICATION}.compare_tile",
        "compare_tile",
        "except Unavailable as failure:",
        "except ZeroDivisionError as failure:",
    ),
    Guard("what is postponed counts no try", f"{DB}.tile_runs", "SqlTileRuns", "RUN.c.attempts - 1", "RUN.c.attempts"),
    Guard(
        "a breaker leaves a provider alone",
        f"{APPLICATION}.capture_tile",
        "capture_tile",
        "breaker.is_open(clock())",
        "False",
        "it spares the provider and changes no answer",
    ),
    # Pushes
    Guard("a push is claimed", f"{DB}.deliveries", "SqlDeliveries", ".where(pending, is_free)", ".where(pending)"),
    Guard(
        "a push has one row",
        f"{DB}.deliveries",
        "SqlDeliveries",
        "connection.execute(insert(PUSH).values(**row))",
        "connection.execute(insert(PUSH).values(**row | {'address_hash': now.isoformat() + target.address}))",
    ),
    Guard(
        "a push that was made is on record",
        f"{DB}.deliveries",
        "SqlDeliveries",
        "status=receipt.status,",
        "status=DeliveryStatus.PENDING,",
    ),
    Guard(
        "a push refused for now is tried again",
        f"{DB}.deliveries",
        "SqlDeliveries",
        "for session_id in connection.execute(due).scalars().all()",
        "for session_id in ()",
    ),
)
