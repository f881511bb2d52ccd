"""What was spent stays spent: whatever is deleted, and however many spend at once."""

import contextlib
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from chalicelib.adapters.database.audit_tables import audit_entries
from chalicelib.adapters.database.ledger import SqlLedger
from chalicelib.adapters.database.limit_tables import budgets, spendings
from chalicelib.domain.audit import Deed
from chalicelib.domain.budgets import Spending, TileLimits
from chalicelib.domain.errors import Invalid, LimitReached, NotFound
from chalicelib.domain.sessions import SessionStatus
from chalicelib.functions.operate import answer
from tests.support.timing import at_once
from tests.support.trip import Trip


def ledger_of(trip, **budgets):
    return SqlLedger(trip.engine, budgets={Spending.TILES: 5} | {Spending(name): n for name, n in budgets.items()})


def spent(trip):
    with trip.engine.connect() as connection:
        return {row.kind: row.amount for row in connection.execute(select(spendings)) if row.amount}


@pytest.fixture
def trip(engine):
    return Trip(engine, tiles_per_day=5)


def test_a_deleted_area_gives_nothing_back(trip):
    trip.show("march")
    area = trip.add_area(tiles=3)
    trip.capture_now(area)
    trip.delete(area)
    trip.wait(minutes=1)
    trip.reconcile()
    assert trip.areas.is_purged(area.area_id)
    with pytest.raises(LimitReached, match="3 of today's 5 tiles are used, and this area needs 3") as refused:
        trip.capture_now(trip.add_area(tiles=3))
    assert 0 < refused.value.retry_after_s <= 86_400
    trip.wait(days=1)
    trip.capture_now(trip.add_area(tiles=3))


def test_a_refusal_spends_nothing(trip):
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=3))
    for _ in range(2):
        with pytest.raises(LimitReached):
            trip.capture_now(trip.add_area(tiles=3))
    assert spent(trip) == {"tiles": 3, "requests": 3}
    trip.capture_now(trip.add_area(tiles=2))


def test_what_the_clock_may_not_open_is_told_once_a_day(trip):
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=3))
    area = trip.add_area(tiles=3)
    for _ in range(3):
        assert trip.tick() == 0
        trip.wait(hours=1)
    (told,) = [session for session in trip.all_sessions() if session.area_id == area.area_id]
    assert (told.status, told.is_all_clear, told.tiles_planned) == (SessionStatus.ERROR, False, 0)
    assert told.reason == "3 of today's 5 tiles are used, and this area needs 3"
    trip.wait(days=1)
    assert trip.tick() >= 1


def test_comparisons_that_somebody_asks_for_are_counted(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30)
    trip.capture_now(area)
    trip.work()
    assert spent(trip)["tiles"] == 4
    trip.compare_now(area)
    assert spent(trip).get("comparisons", 0) == 0, "what is compared already is asked for in vain"


def test_who_spends_at_once_never_spends_more_than_the_budget(trip):
    ledger = ledger_of(trip, estimates=7)
    for _ in range(6):
        spend = [lambda: ledger.charge(trip.user.user_id, Spending.ESTIMATES, now=trip.now)] * 10
        answers = at_once(*spend)
        assert sum(answer is None for answer in answers) == 7
        assert spent(trip) == {"estimates": 7}
        trip.wait(days=1)
        with trip.engine.begin() as connection:
            connection.execute(spendings.delete())


def test_the_operator_allows_one_user_larger_areas_and_nobody_else(trip):
    ledger, other = ledger_of(trip, area_tiles=9), trip.add_user()
    ledger.set_budgets(trip.user.email, {Spending.AREA_TILES: 70_000}, now=trip.now)
    ledger.set_budgets(trip.user.email, {Spending.TILES: 80_000}, now=trip.now)
    assert ledger.tile_limits(trip.user.user_id) == TileLimits(of_area=70_000, a_day=80_000)
    assert ledger.tile_limits(other.user_id) == TileLimits(of_area=9, a_day=5)
    areas = [trip.add_area(tiles=1, user=user) for user in (trip.user, other)]
    assert [ledger.most_tiles(area.area_id) for area in areas] == [70_000, 5], "no more than may be looked at in a day"
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=6))
    ledger.set_budgets(trip.user.email, {Spending.AREA_TILES: None}, now=trip.now)
    assert ledger.tile_limits(trip.user.user_id).of_area == 9


def test_budgets_are_set_together_or_not_at_all_and_the_audit_log_says_so(trip):
    ledger, who = ledger_of(trip, area_tiles=9), trip.user.email

    def operated(**budgets):
        ports = SimpleNamespace(ledger=ledger, clock=lambda: trip.now)
        return answer({"command": "budget", "email": who, "set": budgets}, ports, request_id="r")

    with pytest.raises(Invalid):
        operated(tiles=900, moons=3)
    assert ledger.account(who, now=trip.now).budgets[Spending.TILES] == 5
    assert said_by_operators(trip) == []
    operated(tiles=900, area_tiles=None)
    assert ledger.tile_limits(trip.user.user_id).a_day == 900
    assert said_by_operators(trip) == [f"budgets of user {trip.user.user_id}: tiles=900, area_tiles="]
    with engine_refuses(trip.engine, "INSERT INTO audit_entries"), pytest.raises(RuntimeError):
        ledger.set_budgets(who, {Spending.TILES: 7}, now=trip.now)
    assert ledger.tile_limits(trip.user.user_id).a_day == 900, "what is not in the audit log was not done"


def said_by_operators(trip):
    """Give what the audit log says of operators."""
    with trip.engine.connect() as connection:
        is_one = audit_entries.c.deed == Deed.OPERATED
        return list(connection.execute(select(audit_entries.c.about).where(is_one)).scalars())


@contextlib.contextmanager
def engine_refuses(engine, beginning):
    """Let each statement fail that begins so."""

    def refuse(_connection, _cursor, statement, *_):
        if statement.startswith(beginning):
            raise RuntimeError(statement)

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", refuse)


def test_a_limit_of_a_later_release_is_passed_over(trip):
    with trip.engine.begin() as connection:
        connection.execute(budgets.insert().values(user_id=trip.user.user_id, kind="moons", amount=1, since=""))
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=3))
    assert spent(trip)["tiles"] == 3


def test_the_operator_sees_and_sets_a_budget(trip):
    ledger = ledger_of(trip)
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=3))
    account = ledger.account(trip.user.email, now=trip.now)
    assert (account.spent[Spending.TILES], account.budgets[Spending.TILES]) == (3, 5)
    ledger.set_budgets(trip.user.email, {Spending.TILES: 6}, now=trip.now)
    trip.capture_now(trip.add_area(tiles=3))
    ledger.set_budgets(trip.user.email, {Spending.TILES: None}, now=trip.now)
    with pytest.raises(LimitReached):
        trip.capture_now(trip.add_area(tiles=1))
    ledger.set_budgets(trip.user.email, {Spending.REQUESTS: 6}, now=trip.now)
    trip.wait(days=1)
    trip.capture_now(trip.add_area(tiles=5))
    with pytest.raises(NotFound):
        ledger.account("nobody@example.org", now=trip.now)
