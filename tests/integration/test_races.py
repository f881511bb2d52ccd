"""What may happen once happens once, with everybody at the same gate. MySQL shows what SQLite's single writer hides."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.accounts import REFRESH_GRACE
from chalicelib.domain.errors import Busy, Conflict, LimitReached, NotFound, NotSignedIn
from chalicelib.domain.jobs import Queue
from chalicelib.domain.pushes import Target, TargetKind
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Outcome, Verdict
from tests.support.builders.domain import a_change, a_new_area, later
from tests.support.timing import at_once
from tests.support.trip import ALL, LEASE_S, Trip, jobs_of

ROUNDS = 12


@pytest.fixture
def trip(engine):
    return Trip(engine)


def test_the_last_two_tiles_end_their_session_once(trip):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=2, name=f"Race {number}")
        trip.run_session(area, f"before {number}", days=number)
        trip.show(f"after {number}", days=number + 0.5, change=a_change(m2=500))
        session = trip.capture_now(area)
        for job in jobs_of(trip, Queue.CAPTURES):
            trip.capture_tile(job)
        first, second = jobs_of(trip, Queue.COMPARISONS)
        at_once(lambda: trip.compare_tile(first), lambda: trip.compare_tile(second))
        session = trip.session(session)
        assert session.status is SessionStatus.CHANGES_DETECTED
        assert (session.tiles_done, session.alerts) == (2, 2)
        assert trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=9e9) is not None
        assert trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=9e9) is None


def test_taps_and_compares_at_once_are_one_session(trip):
    for number in range(ROUNDS):
        area = trip.add_area(name=f"Race {number}")
        trip.show(f"scene {number}", days=number)
        deeds = [lambda: trip.capture_now(area)] * 4 + [lambda: trip.compare_now(area)] * 2
        answers = at_once(*deeds)
        ids = {answer.session_id for answer in answers if not isinstance(answer, Conflict)}
        assert len(ids) == 1, answers


def test_of_workers_at_once_one_searches_for_a_sessions_scenes(trip):
    for number in range(ROUNDS):
        begin = [lambda n=number: trip.searches.begin(n + 1, now=trip.now, until=later(seconds=LEASE_S))] * 6
        assert sorted(at_once(*begin)) == [False] * 5 + [True]
        again = [lambda n=number: trip.searches.begin(n + 1, now=later(hours=1), until=later(hours=2))] * 6
        assert sorted(at_once(*again)) == [False] * 5 + [True], "of those who take over as well"


def test_two_ticks_open_each_area_once(trip):
    for number in range(ROUNDS):
        trip.add_area(name=f"Race {number}")
    trip.show("march")
    at_once(*[trip.tick] * 4)
    sessions = Counter(session.area_id for session in trip.all_sessions())
    assert set(sessions.values()) == {1}
    assert len(sessions) == ROUNDS


def test_a_tile_run_has_one_holder(trip):
    trip.add_area(tiles=3)
    trip.tick()
    for job in jobs_of(trip, Queue.CAPTURES):
        answers = at_once(*[lambda job=job: trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)] * 6)
        assert sum(isinstance(answer, Busy) for answer in answers) == 5


def test_a_message_has_one_receiver(trip):
    trip.add_area(tiles=20)
    trip.tick()

    def take():
        taken = []
        while (received := trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=3600)) is not None:
            taken.append(received.message.message_id)
        return taken

    taken = [message_id for ids in at_once(*[take] * 4) for message_id in ids]
    assert len(taken) == len(set(taken)) == 20


def test_cancel_against_the_last_tile_writes_each_verdict_once(trip):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=2, name=f"Race {number}")
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(area)
        jobs = jobs_of(trip, Queue.CAPTURES)
        at_once(*[lambda job=job: trip.capture_tile(job) for job in jobs], lambda: trip.cancel(session))
        session = trip.session(session)
        assert not session.is_open
        assert sum(session.counts_by_verdict.values()) == 2
        assert set(session.counts_by_verdict) <= {Verdict.BASELINE, Verdict.CANCELLED}


def test_delete_against_everything_leaves_nothing(trip):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=4, name=f"Race {number}")
        trip.run_session(area, f"before {number}", days=number)
        trip.show(f"after {number}", days=number + 0.5, change=a_change(m2=500))
        trip.wait(hours=25)

        def tap(area=area):
            try:
                return trip.capture_now(area)
            except NotFound:
                return None

        at_once(trip.work, trip.work, tap, trip.tick, lambda area=area: trip.delete(area), trip.reconcile)
        trip.work()
        trip.wait(days=2)
        trip.show("nothing")
        trip.reconcile()
        trip.wait(hours=25)
        trip.reconcile()
        assert trip.areas.deleted_with_rows(100) == []
        assert trip.all_sessions() == []
        assert trip.images.keys_after("", prefix=f"{area.area_id}/") == []
    assert trip.outbox.unsent(before=later(days=9999), limit=10) == []


def test_two_notifiers_push_to_each_target_once(engine):
    targets = [Target(kind=TargetKind.TOKEN, address=f"phone-{number}") for number in range(7)]
    trip = Trip(engine, targets=targets)
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=500))
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    for job in jobs_of(trip, Queue.COMPARISONS):
        trip.compare_tile(job)
    from chalicelib.domain.jobs import SessionJob

    job = SessionJob(session_id=session.session_id)
    at_once(*[lambda: trip.notify(job)] * 4)
    assert Counter(target.address for _, target in trip.push.pushes) == {target.address: 1 for target in targets}
    assert trip.session(session).is_notification_sent


def test_an_email_is_registered_once(trip):
    def register():
        return trip.accounts.add_user(email="Asha@Example.org", password_hash="x", profile=None, now=trip.now)

    answers = at_once(*[register] * 12)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 11


def test_a_refresh_token_has_one_successor_and_its_reuse_ends_the_sign_in(trip):
    def rotate(old, number, now):
        return trip.accounts.rotate_refresh(
            old,
            nonce=f"nonce {number}",
            new_hash=f"{old} {number}",
            now=now,
            expires_at=later(days=90),
            grace=REFRESH_GRACE,
        )

    for turn in range(ROUNDS):
        old = f"old {turn}"
        sign_in = trip.accounts.sign_in(trip.user.user_id, refresh_hash=old, now=trip.now, expires_at=later(days=90))
        answers = at_once(*[lambda number=number, old=old: rotate(old, number, trip.now) for number in range(8)])
        assert len({answer.nonce for answer in answers}) == 1, "all are told of the same successor"
        assert {answer.sign_in.sign_in_id for answer in answers} == {sign_in}
        late = trip.now + REFRESH_GRACE + timedelta(microseconds=1)
        assert all(
            isinstance(answer, NotSignedIn)
            for answer in at_once(*[lambda old=old, late=late: rotate(old, 9, late)] * 4)
        )
        with pytest.raises(NotSignedIn):
            trip.accounts.signed_in(sign_in, now=trip.now)


def test_a_changed_password_leaves_no_sign_in_of_the_old_one(trip):
    for number in range(ROUNDS):
        user, since, now = trip.user, trip.accounts.find_user(trip.user.email)[0].updated_at, later(seconds=number + 1)
        old_hash = trip.accounts.find_user(user.email)[1]

        def sign_in(turn, since=since, now=now):
            ends = {"now": now, "expires_at": later(days=90), "unchanged_since": since}
            return trip.accounts.sign_in(trip.user.user_id, refresh_hash=f"{since} {turn}", **ends)

        def change(turn, old_hash=old_hash, now=now):
            new_hash = f"{now} {turn}"
            return trip.accounts.change_password(trip.user.user_id, old_hash=old_hash, new_hash=new_hash, now=now)

        deeds = [lambda turn=turn: sign_in(turn) for turn in range(6)]
        deeds[2:2] = [lambda turn=turn: change(turn) for turn in range(3)]
        answers = at_once(*deeds)
        assert sum(answer is None for answer in answers) == 1, "of changes at once one is made"
        assert sum(isinstance(answer, Conflict) for answer in answers) == 2
        assert trip.accounts.sign_ins(user.user_id, now=now) == []


def test_a_device_that_two_users_register_belongs_to_one(trip):
    users = [trip.add_user() for _ in range(6)]
    at_once(
        *[
            lambda user=user: trip.accounts.add_device(user.user_id, token="phone", platform="android", now=trip.now)
            for user in users
        ]
    )
    assert sum(len(trip.accounts.devices(user.user_id)) for user in users) == 1


def test_areas_added_at_once_are_no_more_than_a_user_may_watch(trip):
    for _ in range(ROUNDS):
        user = trip.add_user()
        new = [a_new_area(user.user_id, tiles=1, name=f"Added {number}") for number in range(8)]
        added = at_once(*[lambda n=each: trip.areas.add(n, now=trip.now, most_areas=3) for each in new])
        assert sum(isinstance(each, Conflict) for each in added) == 5
        assert len(trip.areas.of_user(user.user_id, page=ALL).items) == 3


def test_the_tiles_of_a_day_are_counted_together(engine):
    trip = Trip(engine, tiles_per_day=6)
    areas = [trip.add_area(tiles=2, name=f"Race {number}") for number in range(8)]
    answers = at_once(*[lambda area=area: trip.capture_now(area) for area in areas])
    assert sum(isinstance(answer, LimitReached) for answer in answers) == 5
    assert sum(session.tiles_planned for session in trip.all_sessions()) == 6


def test_a_pair_compared_in_two_places_makes_one_alert(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=500))
    trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    (job,) = jobs_of(trip, Queue.COMPARISONS)
    claim = trip.runs.claim_comparison(job, now=trip.now, lease_s=1)
    trip.wait(seconds=2)
    again = trip.runs.claim_comparison(job, now=trip.now, lease_s=1)
    outcome = Outcome(verdict=Verdict.CHANGED, compared_by="25/0.3/normal", change_log={"changed": True})
    at_once(*[lambda held=held: trip.runs.end(held, outcome, now=trip.now) for held in (claim, again)])
    (session, _) = trip.all_sessions()
    assert len(trip.alerts_of(session)) == 1
    assert session.counts_by_verdict == {"CHANGED": 1}
    assert trip.sessions.of_user(trip.user.user_id, page=ALL).total == 2
