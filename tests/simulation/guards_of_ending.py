"""The guards by which nothing is lost, everything ends, and nobody is told twice."""

from __future__ import annotations

from tests.simulation.guard import APPLICATION, DB, DOMAIN, Guard

ENDING = (
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
        "(RUN.c.attempts, RUN.c.attempts + 1)",
        "(RUN.c.attempts, RUN.c.attempts)",
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
    Guard(
        "a death keeps no reason of an earlier wait",
        f"{DB}.claims",
        "claim_run",
        "case((RUN.c.lease_until.is_(None), RUN.c.reason))",
        "RUN.c.reason",
    ),
    Guard(
        "what was away uses up no try of an unexplained letter",
        f"{APPLICATION}.reconcile",
        "_end_lost_tile",
        "if dead.is_unexplained",
        "if False",
    ),
    Guard(
        "a waiting job is not written again",
        f"{DB}.tile_runs",
        "SqlTileRuns",
        "            .where(~is_posted(RUN.c.id, RUN.c.session_id))  # it waits its turn, however long\n",
        "",
        "it spares work and changes no answer",
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
