"""Repairs after a clock was put back, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.archive_tables import archive_states
from chalicelib.adapters.database.area_state_table import state_notices
from chalicelib.adapters.database.clock_repairs_of_images import bring_images_back
from chalicelib.adapters.database.engine import writes
from chalicelib.application.ports.clock_repairs import ClockRepairs
from chalicelib.domain.cadences import Cadence
from chalicelib.domain.jobs import Queue
from chalicelib.domain.retries import LONGEST_ASKED_S
from chalicelib.domain.schedules import Schedule
from chalicelib.domain.sessions import SessionStatus

AREA, SESSION, TASK = t.area_configs, t.alert_sessions, t.chores
NAME = "clock"  # of the row that keeps when this was looked at last
TOLERATED = timedelta(minutes=2)  # clocks of two machines differ, and are set by NTP
_SEEN = ("unseen_since", "clearly_seen_at")
LONGEST_HIDDEN = timedelta(seconds=1.1 * LONGEST_ASKED_S) + TOLERATED


class SqlClockRepairs(ClockRepairs):
    """The port `ClockRepairs`."""

    def __init__(self, engine: Engine, *, lease_s: float, retry_s: float, deadline_s: float, work_s: float) -> None:
        self.engine = engine
        self._lease, self._retry = timedelta(seconds=lease_s), timedelta(seconds=retry_s)
        self._deadline = timedelta(seconds=deadline_s)
        self._work = timedelta(seconds=work_s)  # of an import, an export, and who reads an archive, at most

    @override
    @writes
    def repair(self, connection: Connection, *, now: datetime) -> bool:
        is_it = TASK.c.name == NAME
        last = connection.execute(select(TASK.c.next_due_at).where(is_it)).scalar_one_or_none()
        if last is None:
            try:
                with connection.begin_nested():
                    connection.execute(insert(TASK).values(name=NAME, next_due_at=now, cursor=""))
            except IntegrityError:
                pass  # another process was first
            return False
        connection.execute(update(TASK).where(is_it).values(next_due_at=now))
        if last <= now + TOLERATED and not _is_hidden_too_long(connection, now):
            return False
        self._bring_into_reach(connection, now)
        return True

    def _bring_into_reach(self, connection: Connection, now: datetime) -> None:
        reaches: list[tuple[Table, str, timedelta]] = [
            (t.outbox, "available_at", timedelta()),
            (t.session_tiles, "lease_until", self._lease),
            (t.session_tiles, "retry_at", self._retry),
            (t.scene_searches, "lease_until", self._lease),
            (t.captures, "lease_until", self._lease),
            (t.deliveries, "lease_until", self._lease),
            (t.breakers, "open_until", timedelta()),
            (t.waits, "ends_at", timedelta()),
            (t.chores, "next_due_at", timedelta()),
            (AREA, "arrivals_asked_at", timedelta()),
            *((table, "lease_until", self._work) for table in (t.layer_imports, t.area_exports, archive_states)),
            (t.layer_versions, "written_until", self._work),
            *((t.area_states, name, timedelta()) for name in ("since", "side_since", "told_worse_at", "tell_at")),
            *((table, name, timedelta()) for table in (t.area_states, t.session_tiles) for name in _SEEN),
            *((t.places, name, timedelta()) for name in ("first_seen_at", "last_seen_at")),
            (t.place_sightings, "seen_at", timedelta()),
            *((state_notices, name, timedelta()) for name in ("created_at", "sent_at")),
        ]
        for table, name, reach in reaches:
            column = table.c[name]
            connection.execute(update(table).where(column > now + reach).values({name: now + reach}))
        bring_images_back(connection, now=now, latest=now + TOLERATED)
        is_open = (SESSION.c.status == SessionStatus.IN_PROGRESS) & (SESSION.c.deadline_at > now + self._deadline)
        connection.execute(update(SESSION).where(is_open).values(deadline_at=now + self._deadline))
        wanted = (AREA.c.id, AREA.c.next_due_at, AREA.c.cadence_hours, AREA.c.schedule)
        for row in connection.execute(select(*wanted).where(AREA.c.next_due_at > now)).all():
            cadence = Cadence(row.cadence_hours, schedule=Schedule.from_json(row.schedule))
            if row.next_due_at > now + cadence.longest:
                connection.execute(update(AREA).where(AREA.c.id == row.id).values(next_due_at=now))


def _is_hidden_too_long(connection: Connection, now: datetime) -> bool:
    """Whether a job is hidden as only a clock does that ran ahead, for so short a time that nothing else noticed."""
    for queue in Queue:
        waiting = (t.outbox.c.queue == queue) & t.outbox.c.dead_at.is_(None)
        furthest = connection.execute(select(func.max(t.outbox.c.available_at)).where(waiting)).scalar_one_or_none()
        if furthest is not None and furthest > now + LONGEST_HIDDEN:
            return True
    return False
