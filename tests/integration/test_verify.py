"""What always holds is recounted on live data, a part at a time: what does not is named, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, event, insert, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.holds import SqlHolds
from chalicelib.adapters.database.invariants import SqlInvariants
from chalicelib.application.verify import Verifier, verify_daily
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Invalid, Unavailable
from chalicelib.domain.events import PART_VERIFIED
from chalicelib.domain.holds import Held
from chalicelib.domain.pushes import Target, TargetKind
from tests.support.builders.domain import a_change
from tests.support.timing import at_once
from tests.support.trip import Trip

SESSION, RUN, ALERT, IMAGE = t.alert_sessions, t.session_tiles, t.alert_details, t.image_tiles
SMALL = {"tiles_at_once": 1, "objects_at_once": 2, "entries_at_once": 3}


@pytest.fixture
def trip(engine):
    """Give a trip of three sessions: a baseline, one with a change in each of its two tiles, one by the clock."""
    trip = Trip(engine, targets=[Target(kind=TargetKind.TOKEN, address="phone")])
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    trip.run_session(area, "april", days=30, change=a_change(m2=5000))
    for days in (1, 1):
        trip.wait(days=days)
        trip.show(f"later-{days}", days=31)
        trip.tick()
        trip.work()
    for held in ({"area_id": area.area_id}, {"session_id": 2}, {"place_id": 1}):
        of_user = {"user_id": trip.user.user_id, "most_holds": 3}
        SqlHolds(engine).place(Held(**held), **of_user, reason="case 12", now=trip.now)
    for number in range(7):
        SqlAudit(engine).record(Deed.SIGNED_IN, now=trip.now, user_id=number)
    return trip


def verifier_of(trip, **sizes):
    return Verifier(invariants=SqlInvariants(trip.engine), images=trip.images, audit=SqlAudit(trip.engine), **sizes)


def broken_in(trip, **sizes):
    """Give what does not hold, and in how many parts that was found out."""
    verifier, cursor, found, parts = verifier_of(trip, **sizes), "", [], 0
    while cursor is not None:
        broken, cursor = verifier.part(cursor, now=trip.now)
        found, parts = found + broken, parts + 1
    return found, parts


def change(trip, *statements):
    with trip.engine.begin() as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount


@pytest.mark.parametrize("sizes", [{}, SMALL], ids=["at once", "in small parts"])
def test_what_the_product_leaves_holds(trip, sizes):
    found, parts = broken_in(trip, **sizes)
    assert found == []
    assert (parts == 6) if not sizes else (parts > 10)


def first(column):
    return select(column).order_by(column).limit(1).scalar_subquery()


CHANGED = RUN.c.verdict == "CHANGED"
BREAKS = {
    "an ended session has no open tile run": lambda trip: update(RUN).where(RUN.c.id == 1).values(verdict=None),
    "each planned tile has its tile run": lambda trip: update(SESSION).where(SESSION.c.id == 1).values(tiles_planned=3),
    "a session's counts are those of its tile runs": lambda trip: (
        update(SESSION).where(SESSION.c.id == 1).values(summary={"counts": {"BASELINE": 1}})
    ),
    "a session says what its tile runs say": lambda trip: (
        update(SESSION).where(SESSION.c.id == 2).values(status="COMPLETED_NO_CHANGES")
    ),
    "each changed tile has one alert": lambda trip: delete(ALERT).where(ALERT.c.id == 1),
    "what a tile run shows is there": lambda trip: update(RUN).where(RUN.c.id == 1).values(image_id=4711),
    "each sighting is of a place": lambda trip: delete(t.places),
    "what a row names is stored": lambda trip: trip.images.delete([stored(trip)]),
    "the audit log is one chain": lambda trip: (
        update(t.audit_entries).where(t.audit_entries.c.number == 5).values(about="other")
    ),
    "what is planned is in the ledger": lambda trip: (
        update(t.spendings).where(t.spendings.c.day > "2026", t.spendings.c.kind == "tiles").values(amount=1)
    ),
    "what is held is there": lambda trip: (
        update(t.holds).where(t.holds.c.session_id.is_not(None)).values(session_id=4711)
    ),
    "what is held is not dropped": lambda trip: (
        update(IMAGE).where(IMAGE.c.id == 1).values(dropped_at=trip.now + timedelta(days=1))
    ),
    "a session ends by its deadline": lambda trip: (
        update(SESSION)
        .where(SESSION.c.id == 1)
        .values(status="IN_PROGRESS", deadline_at=trip.now - timedelta(minutes=61))
    ),
    "a push is made or given up": lambda trip: update(t.deliveries).values(
        status="PENDING", created_at=trip.now - timedelta(days=30)
    ),
    "a dead letter is settled": lambda trip: insert(t.outbox).values(
        queue="captures", body="{}", session_id=1, created_at=trip.now, available_at=trip.now, receives=5, reason="",
        dead_at=trip.now - timedelta(hours=2),
    ),
}  # fmt: skip


def stored(trip):
    return max(trip.images.contents)


@pytest.mark.parametrize("sizes", [{}, SMALL], ids=["at once", "in small parts"])
@pytest.mark.parametrize("rule", BREAKS)
def test_each_thing_that_does_not_hold_is_named(trip, rule, sizes):
    statement = BREAKS[rule](trip)
    if statement is not None:
        change(trip, statement)
    found, _ = broken_in(trip, **sizes)
    assert rule in {violation.rule for violation in found}


@pytest.mark.parametrize("gone", ["area_id", "place_id"])
def test_a_hold_on_nothing_is_named_while_it_stands(trip, gone):
    on_it = t.holds.c.place_id.is_not(None) if gone == "place_id" else t.holds.c.session_id.is_(None)
    change(trip, update(t.holds).where(on_it).values({gone: 4711}))
    assert {violation.rule for violation in broken_in(trip)[0]} == {"what is held is there"}
    change(trip, update(t.holds).values(lifted_at=trip.now))
    assert broken_in(trip)[0] == []


def test_a_mask_that_is_lost_is_named_by_its_key(trip):
    with trip.engine.connect() as connection:
        key = connection.execute(select(ALERT.c.mask_key).where(ALERT.c.mask_key.is_not(None)).limit(1)).scalar()
    trip.images.delete([key])
    (violation,), _ = broken_in(trip, **SMALL)
    assert violation.says == f"the object {key} is not"


def test_bands_that_are_lost_are_named_by_their_key(engine):
    trip = Trip(engine)
    trip.show("march", days=0, bands=b"the bands")
    trip.capture_now(trip.add_area(tiles=1))
    trip.work()
    with engine.connect() as connection:
        key = connection.execute(select(IMAGE.c.bands_key)).scalar_one()
    trip.images.delete([key])
    (violation,), _ = broken_in(trip, **SMALL)
    assert violation.says == f"the object {key} is not"


def test_nothing_is_lost_where_everything_is(trip):
    trip.images.contents.clear()
    found, _ = broken_in(trip, **SMALL)
    with trip.engine.connect() as connection:
        named = set()
        for column in (IMAGE.c.object_key, ALERT.c.mask_key, ALERT.c.overlay_key):
            named.update(connection.execute(select(column).where(column.is_not(None))).scalars())
    assert len(found) == len(named)


def test_a_store_that_is_away_is_no_loss(trip):
    trip.images.away = True
    with pytest.raises(Unavailable):
        broken_in(trip)


def test_a_part_that_nobody_named_is_refused(trip):
    for cursor in ("everything", "objects_of:1"):
        with pytest.raises(Invalid, match="there is no such part of a verification"):
            verifier_of(trip).part(cursor, now=trip.now)


def test_what_goes_while_it_is_looked_at_is_no_fault(trip, engine):
    """An area that is deleted between two statements of a look takes its rows along: seen in half, it is no fault."""
    seen = []

    class Deleting(SqlInvariants):
        def sessions_after(self, session_id, *, tiles):
            facts, last = super().sessions_after(session_id, tiles=tiles)
            seen.extend(facts)
            return [facts[0].__class__(**{name: getattr(each, name) for name in each.__slots__} | {"alerts": 99})
                    for each in facts], last  # fmt: skip

        def facts_of(self, session_id):
            change(trip, update(t.area_configs).values(deleted_at=trip.now))
            return super().facts_of(session_id)

    verifier = Verifier(invariants=Deleting(engine), images=trip.images, audit=SqlAudit(engine))
    assert verifier.part("sessions:0", now=trip.now)[0] == []
    assert seen


def daily(trip, times, **sizes):
    for _ in range(times):
        verify_daily(verifier_of(trip, **sizes), tasks=trip.tasks, now=trip.now)


def events_of(caplog):
    return [record for record in caplog.records if record.message == PART_VERIFIED]


def test_a_round_is_walked_a_part_at_each_call_and_once_a_day(trip, caplog):
    caplog.set_level("INFO")
    _, parts = broken_in(trip, **SMALL)
    trip.images.delete([stored(trip)])
    daily(trip, parts + 5, **SMALL)
    assert [record.broken for record in events_of(caplog)].count(1) == 1
    assert len(events_of(caplog)) == parts
    (error,) = [record for record in caplog.records if record.message == "invariant broken"]
    assert (error.levelname, error.rule) == ("ERROR", "what a row names is stored")
    trip.wait(days=1)
    daily(trip, 1, **SMALL)
    assert len(events_of(caplog)) == parts + 1


def test_a_part_that_fails_is_the_next_calls_again(trip, caplog):
    caplog.set_level("INFO")
    daily(trip, 4)
    trip.images.away = True
    with pytest.raises(Unavailable):
        daily(trip, 1)
    assert len(events_of(caplog)) == 4
    trip.images.away = False
    daily(trip, 4)
    assert len(events_of(caplog)) == 6


def test_of_several_calls_at_once_one_takes_the_part(trip, caplog):
    caplog.set_level("INFO")
    daily(trip, 1)
    assert at_once(*[lambda: daily(trip, 1)] * 4) == [None] * 4
    assert 2 <= len(events_of(caplog)) <= 5
    daily(trip, 6)
    assert len(events_of(caplog)) == 6


def test_no_part_reads_more_than_a_bounded_number_of_rows(trip, engine):
    """Each statement has a limit, or is bound to the sessions of its part: none walks a table."""
    asked = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    broken_in(trip, **SMALL)
    reading = [statement for statement in asked if statement.startswith("SELECT")]
    assert reading
    bounded = ("LIMIT", " IN (", ".id = ", "SELECT spendings", "audit_heads.id")
    assert [statement for statement in reading if not any(word in statement for word in bounded)] == []
