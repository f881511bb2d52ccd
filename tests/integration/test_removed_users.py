"""A user who is removed: nobody signs in as him, nothing of his is left, and nothing of others is touched."""

import pytest
from sqlalchemy import event, select, update

from chalicelib.adapters.database import purging, removed_users
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.audit import SqlAudit
from chalicelib.adapters.database.ledger import SqlLedger
from chalicelib.adapters.database.metadata import metadata
from chalicelib.adapters.database.removed_users import SqlRemovedUsers
from chalicelib.application.remove_user import purge_removed_users
from chalicelib.domain.audit import Deed
from chalicelib.domain.budgets import Spending
from chalicelib.domain.errors import NotFound, NotSignedIn
from chalicelib.domain.pushes import DeliveryStatus
from tests.support.builders.domain import a_change, later
from tests.support.timing import at_once
from tests.support.trip import Trip

HIS_ADDRESS, HIS_PLACE, HIS_PHONE, HIS_POND = "dilip@example.org", "203.0.113.9", "phone-of-dilip", "Pond of Dilip"
KEPT = {"audit_entries", "audit_heads", "spendings", "chores"}  # the last says when upkeep is due


@pytest.fixture
def trip(engine, monkeypatch):
    """Let a part be a handful of rows: that little land has many of them."""
    monkeypatch.setattr(purging, "PART", 4)
    monkeypatch.setattr(removed_users, "PART", 4)
    return Trip(engine)


def dilip(trip, *, sign_ins=5):
    """Let somebody use all there is: sign-ins, a phone, a budget of his own, areas with alerts and pushes."""
    profile = "grows rice"
    user = trip.accounts.add_user(email=HIS_ADDRESS, password_hash="his-hash", profile=profile, now=trip.now)
    for number in range(sign_ins):
        trip.accounts.sign_in(
            user.user_id, refresh_hash=f"r{number}", now=trip.now, expires_at=later(days=90), network=HIS_PLACE
        )
    trip.accounts.add_device(user.user_id, token=HIS_PHONE, platform="android", now=trip.now)
    SqlLedger(trip.engine, budgets={}).set_budgets(HIS_ADDRESS, {Spending.TILES: 900}, now=trip.now)
    area = trip.add_area(user=user, tiles=3, name=HIS_POND)
    owner, trip.user = trip.user, user
    trip.run_session(area, "before", days=0)
    trip.run_session(area, "after", days=1, change=a_change(m2=900))
    trip.user = owner
    return user


def everything(engine):
    with engine.connect() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}


def purge(trip):
    purge_removed_users(
        removed=SqlRemovedUsers(trip.engine), areas=trip.areas, sessions=trip.sessions, jobs=trip.jobs, clock=trip.clock
    )
    trip.reconcile()


def purged(trip, *, within=40):
    for _ in range(within):
        purge(trip)
        if not SqlRemovedUsers(trip.engine).with_rows(10):
            return
    raise AssertionError("something is left of him")


def test_nothing_is_left_of_a_user_but_the_log_and_the_ledger_and_no_word_of_his(trip):
    other = trip.add_area(tiles=1, name="Other")
    trip.run_session(other, "other", days=0)
    before = everything(trip.engine)
    user = dilip(trip)
    assert any(HIS_PHONE in row for row in everything(trip.engine)["deliveries"]), "the test must give him pushes"
    removed = SqlRemovedUsers(trip.engine)
    assert removed.remove(HIS_ADDRESS.upper(), now=trip.now) == user.user_id
    purged(trip)
    after = everything(trip.engine)
    assert {name: rows for name, rows in after.items() if name not in KEPT} == {
        name: rows for name, rows in before.items() if name not in KEPT
    }
    text = repr(after)
    for word in (HIS_ADDRESS, HIS_PLACE, HIS_PHONE, HIS_POND, "his-hash", "grows rice"):
        assert word not in text, word
    assert len(after["spendings"]) > len(before["spendings"]), "what he spent is kept, by a number that names nobody"
    with trip.engine.connect() as connection:
        entry = t.audit_entries
        told = connection.execute(
            select(entry.c.deed).where(entry.c.user_id == user.user_id).order_by(entry.c.number)
        ).scalars()
        deeds = list(told)
    assert deeds[0] == Deed.REGISTERED
    assert deeds[-3:] == [Deed.USER_REMOVED, Deed.AREA_DELETED, Deed.USER_PURGED]
    assert SqlAudit(trip.engine).verify().first_broken is None
    assert [key for key in trip.images.contents if "before" in key] == []


def test_who_is_removed_is_signed_out_at_once_and_his_address_is_free(trip):
    user = dilip(trip, sign_ins=0)
    ends = later(days=90)
    sign_in = trip.accounts.sign_in(user.user_id, refresh_hash="r", now=trip.now, expires_at=ends)
    removed = SqlRemovedUsers(trip.engine)
    removed.remove(HIS_ADDRESS, now=trip.clock())
    with pytest.raises(NotSignedIn):
        trip.accounts.signed_in(sign_in, now=trip.now)
    assert trip.accounts.find_user(HIS_ADDRESS) is None
    assert trip.accounts.devices(user.user_id) == []
    with pytest.raises(NotFound, match="there is no account of dilip"):
        removed.remove(HIS_ADDRESS, now=trip.now)
    anew = trip.accounts.add_user(email=HIS_ADDRESS, password_hash="x", profile=None, now=trip.now)
    purged(trip)
    assert trip.accounts.find_user(HIS_ADDRESS)[0].user_id == anew.user_id != user.user_id


def test_a_push_that_still_waits_for_his_phone_is_not_made(trip):
    dilip(trip)
    push = t.deliveries.c
    with trip.engine.begin() as connection:
        connection.execute(update(t.deliveries).values(status=DeliveryStatus.PENDING))
    waiting = select(push.address).where(push.status == DeliveryStatus.PENDING)
    with trip.engine.connect() as connection:
        assert HIS_PHONE in connection.execute(waiting).scalars().all()
    SqlRemovedUsers(trip.engine).remove(HIS_ADDRESS, now=trip.now)
    with trip.engine.connect() as connection:
        assert HIS_PHONE not in connection.execute(waiting).scalars().all()


def test_a_sign_in_that_began_with_the_password_of_before_does_not_get_in(trip):
    for number in range(8):
        email = f"race{number}@example.org"
        user = trip.accounts.add_user(email=email, password_hash="x", profile=None, now=trip.now)
        given = {"refresh_hash": f"race{number}", "expires_at": later(days=90), "unchanged_since": user.updated_at}
        trip.wait(seconds=1)
        at_once(
            lambda user=user, given=given: trip.accounts.sign_in(user.user_id, now=trip.now, **given),
            lambda email=email: SqlRemovedUsers(trip.engine).remove(email, now=trip.now),
        )
        assert trip.accounts.sign_ins(user.user_id, now=trip.now) == []


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


def test_a_purge_that_is_killed_anywhere_goes_on(trip):
    before = everything(trip.engine)
    dilip(trip)
    SqlRemovedUsers(trip.engine).remove(HIS_ADDRESS, now=trip.now)
    kills = 0
    for number in range(1, 300):
        left = [number]

        def count(_connection, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        event.listen(trip.engine, "commit", count)
        try:
            purge(trip)
        except Killed:
            kills += 1
        finally:
            event.remove(trip.engine, "commit", count)
        trip.wait(minutes=1)
        if not SqlRemovedUsers(trip.engine).with_rows(10):
            break
    assert kills > 5
    purged(trip)
    after = everything(trip.engine)
    assert {name for name in after if after[name] != before[name]} <= KEPT


def test_many_who_purge_at_once_leave_nothing_and_say_so_once(trip):
    user = dilip(trip)
    SqlRemovedUsers(trip.engine).remove(HIS_ADDRESS, now=trip.now)
    for _ in range(40):
        at_once(*[lambda: purge(trip)] * 3)
        if not SqlRemovedUsers(trip.engine).with_rows(10):
            break
    with trip.engine.connect() as connection:
        said = connection.execute(
            select(t.audit_entries.c.number).where(
                t.audit_entries.c.user_id == user.user_id, t.audit_entries.c.deed == Deed.USER_PURGED
            )
        ).all()
        assert connection.execute(select(t.users).where(t.users.c.id == user.user_id)).all() == []
    assert len(said) == 1
