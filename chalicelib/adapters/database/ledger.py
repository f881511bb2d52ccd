"""The ledger, in the database: a row for each user, day and kind, written by the transaction that spends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, ScalarSelect, delete, insert, select, union_all, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.limit_tables import budgets as BUDGET  # noqa: N812 (as everywhere)
from chalicelib.adapters.database.limit_tables import spendings as SPENT  # noqa: N812
from chalicelib.application.ports.ledger import Account, Ledger
from chalicelib.domain.accounts import email_key
from chalicelib.domain.audit import Deed
from chalicelib.domain.budgets import Amounts, Spending, TileLimits, check_budgets
from chalicelib.domain.errors import NotFound

AREA = t.area_configs
_KNOWN = set(Spending)
_OF_TILES = (Spending.AREA_TILES, Spending.TILES)


def charge(connection: Connection, user_id: int, needed: Amounts, *, budgets: Amounts, now: datetime) -> None:
    """Spend of a user's day. Raises LimitReached, and then nothing is written.

    Under the user's lock: of two that spend at once, the second sees what the first one left.
    """
    connection.execute(select(t.users.c.id).where(t.users.c.id == user_id).with_for_update())
    spent, own = _account(connection, user_id, now)
    check_budgets(needed, spent=spent, budgets={**budgets, **own}, now=now)
    day = now.date().isoformat()
    new = [
        {"user_id": user_id, "day": day, "kind": kind, "amount": amount}
        for kind, amount in needed.items()
        if kind not in spent
    ]
    if new:
        connection.execute(insert(SPENT), new)
    for kind, amount in needed.items():
        if kind in spent and amount:
            is_it = (SPENT.c.user_id == user_id) & (SPENT.c.day == day) & (SPENT.c.kind == kind)
            connection.execute(update(SPENT).where(is_it).values(amount=SPENT.c.amount + amount))


def _account(connection: Connection, user_id: int, now: datetime) -> tuple[dict[Spending, int], dict[Spending, int]]:
    """Return what a user spent today, and the budgets that are his own."""
    day = now.date().isoformat()
    of_day = select(SPENT.c.day, SPENT.c.kind, SPENT.c.amount).where(SPENT.c.user_id == user_id, SPENT.c.day == day)
    own = select(BUDGET.c.since, BUDGET.c.kind, BUDGET.c.amount).where(BUDGET.c.user_id == user_id)
    spent: dict[Spending, int] = {}
    budgets: dict[Spending, int] = {}
    for day_of_row, kind, amount in connection.execute(union_all(of_day, own)):
        if kind not in _KNOWN:  # of a later release, whose operator limited something more
            continue
        (spent if day_of_row == day else budgets)[Spending(kind)] = int(amount)
    return spent, budgets


class SqlLedger(Ledger):
    """The port `Ledger`. `budgets` are everybody's."""

    def __init__(self, engine: Engine, *, budgets: Amounts) -> None:
        self.engine = engine
        self._budgets = budgets

    @override
    @writes
    def charge(self, connection: Connection, user_id: int, kind: Spending, *, now: datetime) -> None:
        charge(connection, user_id, {kind: 1}, budgets=self._budgets, now=now)

    @override
    @reads
    def tile_limits(self, connection: Connection, user_id: int) -> TileLimits:
        return self._tile_limits(connection, user_id)

    def _tile_limits(self, connection: Connection, user_id: int | ScalarSelect[int]) -> TileLimits:
        own = select(BUDGET.c.kind, BUDGET.c.amount).where(BUDGET.c.user_id == user_id, BUDGET.c.kind.in_(_OF_TILES))
        given = {Spending(kind): int(amount) for kind, amount in connection.execute(own)}
        holds = {**self._budgets, **given}
        return TileLimits(of_area=holds[Spending.AREA_TILES], a_day=holds[Spending.TILES])

    @override
    @reads
    def most_tiles(self, connection: Connection, area_id: int) -> int:
        owner = select(AREA.c.user_id).where(AREA.c.id == area_id).scalar_subquery()
        limits = self._tile_limits(connection, owner)
        return min(limits.of_area, limits.a_day)

    @override
    @reads
    def account(self, connection: Connection, email: str, *, now: datetime) -> Account:
        user_id = _user_id(connection, email)
        spent, own = _account(connection, user_id, now)
        return Account(
            user_id,
            {kind: spent.get(kind, 0) for kind in Spending},
            {kind: own.get(kind, self._budgets.get(kind)) for kind in Spending},
        )

    @override
    @writes
    def set_budgets(
        self, connection: Connection, email: str, amounts: Mapping[Spending, int | None], *, now: datetime
    ) -> None:
        user_id = _user_id(connection, email)
        connection.execute(select(t.users.c.id).where(t.users.c.id == user_id).with_for_update())
        for kind, amount in amounts.items():
            connection.execute(delete(BUDGET).where(BUDGET.c.user_id == user_id, BUDGET.c.kind == kind))
            if amount is not None:
                connection.execute(insert(BUDGET).values(user_id=user_id, kind=kind, amount=amount, since=""))
        said = ", ".join(f"{kind}={'' if amount is None else amount}" for kind, amount in amounts.items())
        audit.append(connection, Deed.OPERATED, now=now, about=f"budgets of user {user_id}: {said}")


def _user_id(connection: Connection, email: str) -> int:
    found = connection.execute(select(t.users.c.id).where(t.users.c.email_key == email_key(email))).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no user with this e-mail address")
    return int(found)
