"""What large sessions have still to plan, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.session_closing import lock_session
from chalicelib.adapters.database.session_parts import plan_part
from chalicelib.application.ports.session_plans import SessionPlans
from chalicelib.domain.jobs import Message
from chalicelib.domain.sessions import SessionStatus

SESSION, PART = t.alert_sessions, t.session_parts


class SqlSessionPlans(SessionPlans):
    """The port `SessionPlans`."""

    def __init__(self, engine: Engine, *, retry_s: float) -> None:
        self.engine = engine
        self._retry = timedelta(seconds=retry_s)

    @override
    @reads
    def unplanned(self, connection: Connection, *, limit: int) -> list[int]:
        goes_on = (SESSION.c.status == SessionStatus.IN_PROGRESS) & SESSION.c.reason.is_(None)
        of_part = select(PART.c.session_id).distinct().join(SESSION, SESSION.c.id == PART.c.session_id)
        return list(connection.execute(of_part.where(goes_on).order_by(PART.c.session_id).limit(limit)).scalars())

    @override
    @writes
    def plan_part(self, connection: Connection, session_id: int, *, now: datetime) -> list[Message] | None:
        session = lock_session(connection, session_id)
        if session is None or session.status != SessionStatus.IN_PROGRESS or session.reason is not None:
            return None
        return plan_part(connection, session, retry=self._retry, now=now)
