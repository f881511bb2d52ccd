"""The guards by which people are told of areas that are not seen: once, when it has held, and surely."""

from __future__ import annotations

from tests.simulation.guard import APPLICATION, DB, DOMAIN, ONE_WRITER, Guard

TELLING = (
    Guard(
        "how areas stand is told",
        f"{APPLICATION}.reconcile",
        "reconcile",
        "_tell_states(state_notices, jobs, clock, isolation)",
        "pass",
    ),
    Guard(
        "a state is told when it has held",
        f"{DOMAIN}.state_notices",
        "wait_for_more",
        "(news for news in every if news.due_at <= now)",
        "iter(every)",
    ),
    Guard(
        "blind is told when it has held",
        f"{DOMAIN}.state_notices",
        "Periods",
        "return min(then, latest)",
        "return since",
    ),
    Guard(
        "seen again has to hold",
        f"{DOMAIN}.state_notices",
        "news_of",
        "side_since + periods.failing",
        "side_since",
    ),
    Guard(
        "a state begins when it changes",
        f"{DB}.area_states",
        "put_state",
        "case((STATE.c.state == state, STATE.c.since), else_=now)",
        "STATE.c.since",
    ),
    Guard(
        "being seen, or not, begins when it changes",
        f"{DB}.area_states",
        "put_state",
        "case((was_on_this_side, func.coalesce(STATE.c.side_since, STATE.c.since)), else_=now)",
        "func.coalesce(STATE.c.side_since, STATE.c.since)",
    ),
    Guard(
        "seen again is told to who knows of worse",
        f"{DOMAIN}.state_notices",
        "news_of",
        "if told.state in SEEN:",
        "if False:",
    ),
    Guard(
        "what people know is kept",
        f"{DB}.state_notices",
        "SqlStateNotices",
        "values(notice_id=notice_id, **values)",
        "values(notice_id=notice_id)",
    ),
    Guard(
        "one message a person and day",
        f"{DB}.state_notices",
        "_free_at",
        "return None if at is None or at + A_DAY <= now else at + A_DAY",
        "return None",
    ),
    Guard(
        "the day begins when the last message arrived",
        f"{DB}.state_notices",
        "_free_at",
        "func.coalesce(NOTICE.c.sent_at, NOTICE.c.created_at)",
        "NOTICE.c.created_at",
    ),
    Guard(
        "a message that reached nobody is taken back",
        f"{DB}.notices",
        "take_back_unsent",
        "if statuses & {DeliveryStatus.SENT, DeliveryStatus.PENDING}:",
        "if True:",
    ),
    Guard(
        "a message is written with its job",
        f"{DB}.state_notices",
        "SqlStateNotices",
        "return post(connection, Queue.NOTIFICATIONS, SessionJob(session_id=session_id, notice_id=notice_id), now=now)",
        "return []",
        "reconcile writes it after fifteen minutes: the guard behind this one",
    ),
    Guard(
        "a message without its job has one written",
        f"{DB}.deliveries",
        "SqlDeliveries",
        "(PUSH.c.attempts > 0) | is_lost",
        "PUSH.c.attempts > 0",
        "nothing here loses a job before it is tried; tests/integration/test_state_notices.py catches it",
    ),
    Guard(
        "a reader's row is locked",
        f"{DB}.state_notices",
        "SqlStateNotices",
        ".with_for_update()).one_or_none()",
        ").one_or_none()",
        ONE_WRITER.replace("test_races.py", "test_state_notices.py"),
    ),
    Guard(
        "a deleted area's state is told to nobody",
        f"{DB}.notices",
        "notices_by_id",
        ", AREA.c.deleted_at.is_(None))",
        ")",
        "phones show no names here; tests/integration/test_state_notices.py catches it",
    ),
    Guard(
        "an area that goes takes no other's message along",
        f"{DB}.areas",
        "SqlAreas",
        "forget_area(connection, area_id, user_id=area.user_id)",
        "pass",
    ),
)
