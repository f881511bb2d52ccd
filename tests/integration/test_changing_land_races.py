"""Land that is changed while others work on its tiles: no session mixes old and new ground, on both databases."""

import pytest
from sqlalchemy import text

from chalicelib.domain.errors import ChangedMeanwhile
from chalicelib.domain.jobs import Queue
from tests.support.builders.domain import a_change
from tests.support.changing_land import box, change, now_of, places_of, verdicts
from tests.support.timing import at_once
from tests.support.trip import Trip, jobs_of

ROUNDS = 6


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area on the first two tiles."""
    made = trip.add_area(tiles=1)
    return change(trip, made, land=box(0, 1))


@pytest.mark.parametrize("stage", ["capture", "comparison"])
def test_a_tile_that_is_worked_on_is_written_by_nobody(trip, area, stage):
    """The land is changed when a worker has the tile in hand."""
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=a_change(900))
    session = trip.capture_now(area)
    captures = jobs_of(trip, Queue.CAPTURES)
    changed = []

    def and_change(inner):
        def seen(*given, **ground):
            if not changed:
                changed.append(trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, land=box(0, 2)))
            return inner(*given, **ground)

        return seen

    if stage == "capture":
        trip.inspect = and_change(trip.inspect)
        for job in captures:
            trip.capture_tile(job)
    else:
        for job in captures:
            trip.capture_tile(job)
        trip.compare = and_change(trip.compare)
        for job in jobs_of(trip, Queue.COMPARISONS):
            trip.compare_tile(job)
    assert len(changed) == 1
    trip.reconcile()
    assert verdicts(trip, session) == {"CANCELLED": 2}
    assert trip.alerts_of(session) == []


def test_of_two_changes_of_one_version_one_is_made(trip, area):
    for number in range(ROUNDS):
        version = now_of(trip, area).version
        lands = [box(0, 1 + (number + n) % 2, inset=0.02 + 0.01 * n) for n in range(2)]
        answers = at_once(*[lambda land=land: change(trip, area, version=version, land=land) for land in lands])
        late = [answer for answer in answers if isinstance(answer, ChangedMeanwhile)]
        (made,) = [answer for answer in answers if answer not in late]
        assert (len(late), now_of(trip, area)) == (1, made)


def test_a_change_of_the_land_against_the_work_on_its_tiles_never_mixes(trip, area):
    """Workers, the clock and a person at once: a session is of one land, and all its tiles have their verdict."""
    lands = [box(0, 1), box(0, 2)]
    for number in range(ROUNDS):
        trip.wait(days=2)
        trip.show(f"scene {number}", days=number, change=a_change(900) if number % 2 else None)
        trip.capture_now(area)
        land = lands[(number + 1) % 2]
        workers = [lambda: [trip.work_once() for _ in range(4)] for _ in range(3)]
        answers = at_once(*workers, lambda land=land: change(trip, area, land=land), trip.tick)
        assert not [answer for answer in answers if isinstance(answer, Exception)], answers
        trip.wait(minutes=20)
        for _ in range(3):
            trip.reconcile()
            trip.work()
        assert now_of(trip, area).tiles == (3 if land is lands[1] else 2)
        for session in trip.all_sessions():
            assert not session.is_open
            assert len(places_of(trip, session)) == sum(session.counts_by_verdict.values())
            if now_of(trip, area).is_of_its_land(session.session_id):
                assert places_of(trip, session) == list(range(now_of(trip, area).tiles))
    with trip.engine.connect() as connection:
        open_runs = "SELECT COUNT(*) FROM session_tiles WHERE verdict IS NULL"
        assert connection.execute(text(open_runs)).scalar() == 0


def test_a_change_of_the_land_against_the_end_of_its_session(trip, area):
    """Either the session has ended, and its state was said and is of the old land; or it says none at all."""
    lands = [box(0, 1), box(0, 2)]
    for number in range(ROUNDS):
        trip.wait(days=2)
        trip.run_session(area, f"first {number}", days=2 * number)
        trip.show(f"second {number}", days=2 * number + 1, change=a_change(900))
        session = trip.capture_now(area)
        for job in jobs_of(trip, Queue.CAPTURES):
            trip.capture_tile(job)
        comparisons = jobs_of(trip, Queue.COMPARISONS)
        land = lands[(number + 1) % 2]
        answers = at_once(
            *[lambda job=job: trip.compare_tile(job) for job in comparisons],
            lambda land=land: change(trip, area, land=land),
        )
        assert not [answer for answer in answers if isinstance(answer, Exception)], answers
        ended = trip.session(session)
        assert not ended.is_open
        assert len(trip.alerts_of(session)) == ended.counts_by_verdict.get("CHANGED", 0)
        assert trip.areas.standings([area.area_id]) == {}
