"""The audit log: one chain whoever writes at once, every deed in it, and each way of tampering is named."""

from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, select, update

from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.tables import audit_entries, audit_heads
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Invalid
from chalicelib.functions import operate
from infra.ops.show import exit_status, lines
from tests.support.builders.domain import later
from tests.support.timing import at_once
from tests.support.trip import Trip

ENTRY = audit_entries


@pytest.fixture
def audit(engine):
    return SqlAudit(engine)


def fill(audit, entries=20):
    for number in range(entries):
        audit.record(Deed.SIGNED_IN, now=later(seconds=number), user_id=number % 3, network="203.0.113.9", about="x")


def change(engine, statement):
    with engine.begin() as connection:
        assert connection.execute(statement).rowcount


def test_an_empty_log_is_whole(audit):
    assert audit.verify().first_broken is None
    assert audit.verify().entries == 0


def test_whoever_writes_at_once_writes_one_chain(audit):
    answers = at_once(*[lambda: fill(audit, 12)] * 8)
    assert answers == [None] * 8
    found = audit.verify()
    assert (found.entries, found.first_broken) == (96, None)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        (update(ENTRY).where(ENTRY.c.number == 7).values(about="y"), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(user_id=9), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(deed="signed out"), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(at=later(days=1)), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(network="192.0.2.1"), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(network="192.0.2.1", salt=None), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(network=None), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(network_digest="0" * 64), 7),
        (update(ENTRY).where(ENTRY.c.number == 7).values(hash="0" * 64), 7),
        (update(ENTRY).where(ENTRY.c.number == 20).values(about="y"), 20),
        (delete(ENTRY).where(ENTRY.c.number == 1), 1),
        (delete(ENTRY).where(ENTRY.c.number == 7), 7),
        (delete(ENTRY).where(ENTRY.c.number == 20), 20),
        (delete(ENTRY).where(ENTRY.c.number > 11), 12),
        (delete(ENTRY), 1),
        (delete(audit_heads), 21),
        (update(audit_heads).values(number=19), 20),
    ],
)
def test_the_first_broken_entry_is_named(audit, engine, tampering, broken):
    fill(audit)
    change(engine, tampering)
    found = audit.verify()
    assert found.first_broken == broken, found
    answer = {"audit": {name: getattr(found, name) for name in found.__slots__}}
    assert exit_status(answer) == 1
    assert f"the audit log is broken at entry {broken}: " in "\n".join(lines(answer))


def test_an_entry_behind_the_end_is_named_before_the_chain_runs_into_it(audit, engine):
    fill(audit, 3)
    with engine.begin() as connection:
        forged = dict(connection.execute(select(ENTRY).where(ENTRY.c.number == 3)).one()._mapping) | {"number": 5}
        connection.execute(insert(ENTRY).values(**forged))
    found = audit.verify()
    assert (found.first_broken, found.fault) == (4, "entry 5 stands behind the end of the chain")


@pytest.mark.parametrize("number", [0, -7])
def test_an_entry_before_the_beginning_is_named(audit, engine, number):
    fill(audit, 3)
    with engine.begin() as connection:
        forged = dict(connection.execute(select(ENTRY).where(ENTRY.c.number == 1)).one()._mapping) | {"number": number}
        connection.execute(insert(ENTRY).values(**forged))
    found = audit.verify()
    assert (found.first_broken, found.fault) == (number, f"entry {number} stands before the beginning of the chain")
    assert exit_status({"audit": {name: getattr(found, name) for name in found.__slots__}}) == 1


@pytest.mark.parametrize(
    "rewritten",
    [
        pytest.param((delete(ENTRY), delete(audit_heads)), id="emptied"),
        pytest.param((delete(ENTRY).where(ENTRY.c.number > 12),), id="its end cut off, with the head"),
        pytest.param((delete(ENTRY), delete(audit_heads), "anew"), id="written anew"),
    ],
)
def test_a_whole_new_chain_does_not_go_on_from_what_was_noted(engine, rewritten):
    trip = Trip(engine)
    audit = SqlAudit(engine)
    fill(audit)
    (*_, end) = lines(operated(trip, {}))
    noted = end.rpartition(" ")[2]
    fill(audit, 2)
    assert exit_status(operated(trip, {"noted": noted})) == 0
    for statement in rewritten:
        if statement == "anew":
            fill(audit, 30)
        else:
            change(engine, statement)
    with engine.begin() as connection:
        last = connection.execute(select(ENTRY).order_by(ENTRY.c.number.desc()).limit(1)).one_or_none()
        if last is not None:
            connection.execute(update(audit_heads).values(number=last.number, hash=last.hash))
    assert exit_status(operated(trip, {})) == 0, "it is whole by itself"
    answer = operated(trip, {"noted": noted})
    assert exit_status(answer) == 1
    assert "it does not go on from what was noted" in "\n".join(lines(answer))


def test_what_is_no_place_of_a_chain_is_refused(engine):
    with pytest.raises(Invalid, match="a colon and the hash"):
        operated(Trip(engine), {"noted": "abc"})


def operated(trip, options):
    return operate.answer({"command": "audit", **options}, SimpleNamespace(audit=SqlAudit(trip.engine)), request_id="r")


def test_a_user_is_forgotten_and_the_chain_stays_whole(audit, engine):
    fill(audit)
    assert audit.forget_user(1, now=later(minutes=1)) == 7
    assert audit.forget_before(later(seconds=3), limit=100) == 2
    found = audit.verify()
    assert (found.entries, found.forgotten, found.first_broken) == (21, 9, None), "with the deed itself"
    with engine.connect() as connection:
        his = connection.execute(select(ENTRY).where(ENTRY.c.user_id == 1)).all()
    assert {(row.network, row.salt) for row in his} == {(None, None)}
    audit.record(Deed.SIGNED_OUT, now=later(days=1), user_id=1)
    assert audit.verify().first_broken is None


def test_what_people_do_is_in_it(engine):
    trip = Trip(engine)
    user, ends = trip.add_user(), later(days=90)
    sign_in = trip.accounts.sign_in(
        user.user_id, refresh_hash="r", now=trip.now, expires_at=ends, network="203.0.113.9"
    )
    trip.accounts.sign_out(sign_in, now=trip.now)
    trip.accounts.sign_out(sign_in, now=trip.now)
    other = trip.accounts.sign_in(user.user_id, refresh_hash="s", now=trip.now, expires_at=ends)
    trip.accounts.end_sign_in(other, user_id=user.user_id, now=trip.now)
    old_hash = trip.accounts.find_user(user.email)[1]
    trip.accounts.change_password(user.user_id, old_hash=old_hash, new_hash="new", now=trip.now)
    area = trip.add_area(tiles=1)
    trip.delete(area)
    with engine.connect() as connection:
        rows = connection.execute(select(ENTRY).order_by(ENTRY.c.number)).all()
    his = [row.deed for row in rows if row.user_id == user.user_id]
    ended = ["registered", "signed in", "signed out", "signed in", "sign-in ended", "password changed"]
    assert his == ended
    assert rows[-1].deed == "area deleted"
    assert SqlAudit(engine).verify().first_broken is None
    whole = " ".join(str(row) for row in rows)
    assert user.email not in whole, "an address of e-mail is in no entry"
