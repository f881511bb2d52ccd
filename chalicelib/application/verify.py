"""Verify: recount what always holds on live data, a bounded part at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from chalicelib.application.events import record
from chalicelib.application.ports.audit import Audit
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.invariants import Invariants
from chalicelib.application.ports.recurring_tasks import RecurringTasks
from chalicelib.domain.audit import AuditPlace
from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import PART_VERIFIED, Event
from chalicelib.domain.invariants import Violation, faults_of, overspent

log = logging.getLogger(__name__)

TASK = "verify"
EVERY_S = 24 * 3600.0
TILES_AT_ONCE = 20_000
OBJECTS_AT_ONCE = 1000
ENTRIES_AT_ONCE = 10_000
SHOWN = 20
Found = tuple[list[Violation], str | None]


class Verifier:
    """Looks at all that is stored, in parts: `part("")` is the first, and each says where the next begins."""

    def __init__(
        self,
        *,
        invariants: Invariants,
        images: Images,
        audit: Audit,
        tiles_at_once: int = TILES_AT_ONCE,
        objects_at_once: int = OBJECTS_AT_ONCE,
        entries_at_once: int = ENTRIES_AT_ONCE,
    ) -> None:
        self._invariants, self._images, self._audit = invariants, images, audit
        self._tiles, self._objects_at_once, self._entries_at_once = tiles_at_once, objects_at_once, entries_at_once

    def part(self, cursor: str, *, now: datetime) -> Found:
        """Look at one part; return what does not hold in it, and the next one's cursor: None after the last.

        Raises Invalid for a cursor of nobody's, Unavailable.
        """
        walk, _, place = cursor.partition(":")
        walks: dict[str, Callable[[str], Found]] = {
            "": lambda _: (self._invariants.left_open(now=now, limit=SHOWN), "sessions:0"),
            "sessions": self._sessions,
            "holds": self._holds,
            "objects": self._objects,
            "audit": self._entries,
        }
        if walk not in walks:
            raise Invalid(f"there is no such part of a verification: {cursor}")
        return walks[walk](place)

    def _sessions(self, place: str) -> Found:
        facts, last = self._invariants.sessions_after(int(place), tiles=self._tiles)
        faulty = [each.session_id for each in facts if any(faults_of(each))]
        # Once more: on MySQL each statement sees what was committed before it, and an area may have been deleted since.
        again = [each for session_id in faulty if (each := self._invariants.facts_of(session_id)) is not None]
        found = [fault for each in again for fault in faults_of(each)]
        spent = self._invariants.spent_on([each.session_id for each in facts])
        found += [fault for each in spent if (fault := overspent(each)) is not None]
        return found, "holds:0" if last is None else f"sessions:{last}"

    def _holds(self, place: str) -> Found:
        found, last = self._invariants.holds_after(int(place))
        return found, "objects:" if last is None else f"holds:{last}"

    def _objects(self, after: str) -> Found:
        stored = [item.key for item in self._images.keys_after(after, limit=self._objects_at_once)]
        until = stored[-1] if len(stored) == self._objects_at_once else None
        names = self._invariants.names_after(after, until=until, limit=self._objects_at_once)
        missing = sorted(set(names) - set(stored))
        gone = [key for key in missing if not self._images.keys_after("", prefix=key, limit=1)]
        # A row that went meanwhile took its object along.
        lost = [key for key in gone if self._names(key)]
        found = [Violation("what a row names is stored", f"the object {key} is not") for key in lost]
        if until is None and len(names) < self._objects_at_once:
            return found, "audit:"
        return found, f"objects:{names[-1] if until is None or len(names) >= self._objects_at_once else until}"

    def _names(self, key: str) -> bool:
        return key in self._invariants.names_after(key[:-1], until=key, limit=self._objects_at_once)

    def _entries(self, place: str) -> Found:
        findings = self._audit.verify(after=AuditPlace.parse(place), most=self._entries_at_once)
        if findings.first_broken is not None:
            return [Violation("the audit log is one chain", findings.fault)], None
        return [], None if findings.next is None else f"audit:{findings.next}"


def verify_daily(verifier: Verifier, *, tasks: RecurringTasks, now: datetime) -> None:
    """Look at the next part, if today's round is not over: a part at each call, until all was looked at.

    Safe to repeat: of several calls at once one takes the part. One that fails is the next call's again; one that takes
    its process with it is left for tomorrow.
    """
    cursor = tasks.take(TASK, now=now, every_s=EVERY_S)
    if cursor is None:
        return
    try:
        found, next_cursor = verifier.part(cursor, now=now)
    except Exception:
        tasks.leave(TASK, now=now, cursor=cursor)
        raise
    for violation in found[:SHOWN]:
        log.error("invariant broken", extra={"rule": violation.rule, "says": violation.says})
    record(Event(PART_VERIFIED, {"broken": len(found)}))
    if next_cursor is not None:
        tasks.leave(TASK, now=now, cursor=next_cursor)
