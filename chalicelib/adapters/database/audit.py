"""The audit log, in the database."""

from __future__ import annotations

from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_if_new, reads, writes
from chalicelib.application.ports.audit import Audit
from chalicelib.domain.audit import BEGINNING, AuditEntry, AuditFindings, AuditPlace, Deed, digest

ENTRY, HEAD = t.audit_entries, t.audit_heads
AT_ONCE = 1000


def append(
    connection: Connection, deed: Deed, *, now: datetime, user_id: int = 0, network: str = "", about: str = ""
) -> None:
    """Append an entry in this transaction, as its last step: the head is held until it is committed."""
    is_head = HEAD.c.id == 1
    held = select(HEAD).where(is_head).with_for_update()
    head = connection.execute(held).one_or_none()
    if head is None:
        insert_if_new(connection, HEAD, id=1, number=0, hash=BEGINNING)
        head = connection.execute(held).one()
    salt = token_hex(16)
    entry = AuditEntry(
        number=head.number + 1,
        at=now,
        deed=deed.value,
        user_id=user_id,
        about=about[:200],
        network=network[:64],
        salt=salt,
        network_digest=digest(network[:64], salt),
    )
    kept = entry.chained(head.hash)
    connection.execute(
        insert(ENTRY).values(
            number=entry.number,
            at=entry.at,
            deed=entry.deed,
            user_id=user_id,
            about=entry.about,
            network=entry.network,
            salt=salt,
            network_digest=entry.network_digest,
            hash=kept,
        )
    )
    connection.execute(update(HEAD).where(is_head).values(number=entry.number, hash=kept))


def forget_some(connection: Connection, user_id: int, *, limit: int) -> int:
    """Forget from where a user did what he did, of so many entries at most; return of how many."""
    is_his = (ENTRY.c.user_id == user_id) & ENTRY.c.salt.is_not(None)
    his = connection.execute(select(ENTRY.c.number).where(is_his).limit(limit)).scalars().all()
    forgotten = update(ENTRY).where(ENTRY.c.number.in_(his)).values(network=None, salt=None)
    return connection.execute(forgotten).rowcount if his else 0


class SqlAudit(Audit):
    """The port `Audit`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def record(
        self,
        connection: Connection,
        deed: Deed,
        *,
        now: datetime,
        user_id: int = 0,
        network: str = "",
        about: str = "",
    ) -> None:
        append(connection, deed, now=now, user_id=user_id, network=network, about=about)

    @override
    def verify(self, *, after: AuditPlace | None = None, most: int | None = None) -> AuditFindings:
        # The head first: entries that are appended meanwhile are not looked at.
        until, head, first, last = self._head()
        begin = after or AuditPlace()
        if first < 1 or begin.number > until:
            return _not_met(first, until, begin.number, head)
        number, previous, forgotten = begin.number, begin.hash, 0
        while number < until:
            if most is not None and number - begin.number >= most:
                there = AuditPlace(number, previous)
                return AuditFindings(
                    entries=number, forgotten=forgotten, head=head, first_broken=None, fault="", next=there
                )
            rows = self._part(number, until)
            for row in rows:
                entry = _entry_of(row)
                if (fault := entry.fault(number + 1, previous, row.hash)) is not None:
                    return _broken(number, forgotten, head, fault)
                number, previous, forgotten = entry.number, row.hash, forgotten + entry.is_forgotten
            if not rows:
                return _broken(number, forgotten, head, f"entry {number + 1} is missing")
        if previous != head or last > until:
            # One behind the end has a number that a later entry could not be written with.
            behind = f"entry {last} stands behind the end of the chain"
            cut_off = f"entry {number + 1} is missing, or the head was changed"
            return _broken(number, forgotten, head, cut_off if previous != head else behind)
        return AuditFindings(entries=number, forgotten=forgotten, head=head, first_broken=None, fault="")

    @reads
    def _head(self, connection: Connection) -> tuple[int, str, int, int]:
        """Return the head's number and hash, and the first and last entries' numbers: in one statement, of a moment."""
        first = func.coalesce(select(func.min(ENTRY.c.number)).scalar_subquery(), 1)
        last = func.coalesce(select(func.max(ENTRY.c.number)).scalar_subquery(), 0)
        head = connection.execute(select(HEAD.c.number, HEAD.c.hash, first, last).where(HEAD.c.id == 1)).one_or_none()
        if head is not None:
            return int(head[0]), str(head[1]), int(head[2]), int(head[3])
        lowest, highest = connection.execute(select(first, last)).one()
        return int(highest), BEGINNING, int(lowest), int(highest)

    @reads
    def _part(self, connection: Connection, after: int, until: int) -> list[Row[tuple[object, ...]]]:
        wanted = select(ENTRY).where(ENTRY.c.number > after, ENTRY.c.number <= until)
        return list(connection.execute(wanted.order_by(ENTRY.c.number).limit(AT_ONCE)))

    @override
    @writes
    def forget_user(self, connection: Connection, user_id: int, *, now: datetime) -> int:
        is_his = (ENTRY.c.user_id == user_id) & ENTRY.c.salt.is_not(None)
        forgotten = connection.execute(update(ENTRY).where(is_his).values(network=None, salt=None)).rowcount
        append(connection, Deed.OPERATED, now=now, about=f"audit: forgot the addresses of user {user_id}")
        return forgotten

    @override
    @writes
    def forget_before(self, connection: Connection, before: datetime, *, limit: int) -> int:
        is_old = (ENTRY.c.at < before) & ENTRY.c.salt.is_not(None)
        old = connection.execute(select(ENTRY.c.number).where(is_old).limit(limit)).scalars().all()
        return connection.execute(update(ENTRY).where(ENTRY.c.number.in_(old)).values(network=None, salt=None)).rowcount


def _entry_of(row: Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=row.at,
        deed=row.deed,
        user_id=row.user_id,
        about=row.about,
        network=row.network,
        salt=row.salt,
        network_digest=row.network_digest,
    )


def _not_met(first: int, until: int, begun: int, head: str) -> AuditFindings:
    """Return what is wrong before the chain begins, or where it is shorter than it was: no walk would meet that."""
    if first < 1:
        fault = f"entry {first} stands before the beginning of the chain"
        return AuditFindings(entries=0, forgotten=0, head=head, first_broken=first, fault=fault)
    return _broken(until, 0, head, f"entry {until + 1} is missing: there were {begun}")


def _broken(whole: int, forgotten: int, head: str, fault: str) -> AuditFindings:
    return AuditFindings(entries=whole, forgotten=forgotten, head=head, first_broken=whole + 1, fault=fault)
