"""Land that is changed while it is watched: no session mixes old and new ground, and nothing of the new is taken as
seen that was not."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from chalicelib.adapters.database.replays import SqlReplays
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.application.change_area import change_area
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.areas import Land
from chalicelib.domain.errors import ChangedMeanwhile, Conflict
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import read_geometry
from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Found, Grid, Item, scene_of
from chalicelib.domain.sessions import Cause, SessionStatus
from chalicelib.domain.shapes import Laid
from chalicelib.domain.tiles import Bounds, Tile, bounds_of
from tests.support.builders.domain import CORNER, GRID, SPRING, a_change, day_after
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.timing import at_once
from tests.support.trip import Trip, jobs_of

ROUNDS = 6


def box(first, last, inset=0.1):
    """Give the land of a box over a row of tiles, a bit inside their outer borders."""
    one, other = (bounds_of(Tile(CORNER.z, CORNER.x + place, CORNER.y)) for place in (first, last))
    width, height = ((one.east - one.west) * inset, (one.north - one.south) * inset)
    bounds = Bounds(one.west + width, one.south + height, other.east - width, one.north - height)
    return Land(Extent.around(bounds), GRID, None)


def shape(first, last, inset=0.1):
    """Give the same land as a shape."""
    west, south, east, north = box(first, last, inset).extent.bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shapes = GeosShapes()
    said = read_geometry({"type": "Polygon", "coordinates": [ring]}, "/geometry")
    of = shapes.shape(said, buffer_m=None, exclude=[])
    return Land(Extent.around(of.bounds), GRID, Laid(of, tuple(shapes.covers(of, GRID, most_tiles=2500))))


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area on the first two tiles."""
    made = trip.add_area(tiles=1)
    return change(trip, made, land=box(0, 1))


def change(trip, area, *, version=None, read=None, **changes):
    """Change an area, as it was read: just now, unless something else is said."""
    return change_area(
        read or now_of(trip, area),
        changes,
        version=version,
        terms=trip.imagery.terms,
        is_cadence_left=False,
        is_smallest_left=False,
        usual_cadence_hours=None,
        areas=trip.areas,
        sessions=trip.sessions,
        jobs=trip.jobs,
        clock=trip.clock,
        request_id="",
    )


def now_of(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id)


def places_of(trip, session):
    with trip.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT x FROM session_tiles WHERE session_id = :id ORDER BY x"), {"id": session.session_id}
        )
        return [row.x - CORNER.x for row in rows]


def verdicts(trip, session):
    return trip.session(session).counts_by_verdict


def look(trip, area):
    """Run a session on what there is."""
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def withdrawn(trip):
    """Take april back: there is march alone."""
    trip.imagery = ScriptedImagery()
    trip.show("march")


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


@pytest.mark.parametrize("land", [box, shape])
def test_the_next_session_is_of_the_new_land_and_at_once(trip, area, land):
    trip.run_session(area, "march", days=0)
    changed = change(trip, area, land=land(1, 2))
    assert (changed.tiles, changed.m2) == (2, pytest.approx(land(1, 2).m2))
    assert changed.next_due_at == trip.now
    assert now_of(trip, area) == changed
    assert trip.tick() == 1
    trip.work()
    latest = trip.all_sessions()[0]
    assert (places_of(trip, latest), latest.unseen.of_m2) == ([1, 2], pytest.approx(changed.m2, rel=1e-3))


def test_a_shape_becomes_another_one_and_a_box_again(trip, area):
    first, second = shape(0, 1), shape(1, 2, inset=0.2)
    change(trip, area, land=first)
    assert trip.areas.shape_of(change(trip, area, land=second)).watched == tuple(
        [[tuple(position) for position in ring] for ring in outline] for outline in second.laid.shape.watched
    )
    back = change(trip, area, land=box(0, 0))
    assert (trip.areas.shape_of(back), back.size) == (None, None)
    with trip.engine.connect() as connection:
        for table in ("area_shapes", "area_tiles"):
            assert connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar() == 0


@pytest.mark.parametrize("land", [box, shape])
def test_the_same_land_is_no_other(trip, area, land):
    change(trip, area, land=land(0, 1))
    session = trip.run_session(area, "march", days=0)
    again = change(trip, area, land=land(0, 1))
    assert again.is_of_its_land(session.session_id)
    assert again.next_due_at > trip.now


def test_nothing_newer_over_new_ground_is_a_baseline_and_no_all_clear(trip, area):
    trip.run_session(area, "march", days=0)
    assert look(trip, area).is_all_clear, "as long as the land stays"
    change(trip, area, land=box(0, 1, inset=0.01))
    session = look(trip, area)
    assert (session.counts_by_verdict, session.is_all_clear) == ({"BASELINE": 2}, False)
    assert trip.imagery.fetched.count(trip.imagery.fetched[0]) == 1, "what is stored is not fetched again"
    assert look(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_so_it_is_where_an_older_picture_was_the_baseline(trip, area):
    trip.show("long ago", days=-400)
    trip.run_session(area, "march", days=0)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert look(trip, area).counts_by_verdict == {"BASELINE": 2}
    assert look(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_what_an_image_shows_of_the_new_ground_is_measured_anew(trip, area):
    trip.run_session(area, "march", days=0)
    change(trip, area, land=box(0, 1, inset=0.01))
    trip.clear_share = 0.5  # of the new ground a cloud hides much
    session = look(trip, area)
    assert session.status is SessionStatus.ERROR
    assert session.unseen.share == pytest.approx(0.5)


def test_a_newer_image_is_compared_with_the_reference_that_stood(trip, area):
    trip.run_session(area, "march", days=0)
    trip.run_session(area, "april", days=30)
    change(trip, area, land=box(0, 1, inset=0.01))
    session = trip.run_session(area, "may", days=60, change=a_change(900))
    assert session.counts_by_verdict == {"CHANGED": 2}
    april = SPRING + timedelta(days=30)
    assert {alert.reference_captured_at for alert, _ in trip.alerts_of(session)} == {april}


def test_what_was_told_is_not_told_again(trip, area):
    trip.run_session(area, "march", days=0)
    assert trip.run_session(area, "april", days=30, change=a_change(900)).alerts == 2
    change(trip, area, land=box(0, 1, inset=0.01))
    session = look(trip, area)
    assert session.counts_by_verdict == {"BASELINE": 2}, "april was compared: it is not compared with march again"
    assert trip.compare_now(area).session_id == session.session_id, "nor if somebody asks for it"


def test_what_a_session_that_was_ended_has_stored_is_compared_by_the_next_one(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=a_change(900))
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert verdicts(trip, session) == {"CANCELLED": 2}
    assert look(trip, area).counts_by_verdict == {"CHANGED": 2}


def test_what_was_stored_of_other_land_is_not_compared_on_demand(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=a_change(900))
    ended = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert verdicts(trip, ended) == {"CANCELLED": 2}
    withdrawn(trip)
    look(trip, area)
    assert trip.session(trip.compare_now(now_of(trip, area))).cause is not Cause.COMPARISON


def test_a_picture_that_comes_back_behind_one_of_this_land_is_compared_with_it(trip, area):
    early, late = (
        Item(name, SPRING + timedelta(hours=hours), "1", None) for hours, name in enumerate(("early", "late"))
    )
    of_day = {name: scene_of(items) for name, items in {"early": [early], "both": [early, late]}.items()}

    def there_is(name):
        trip.imagery._scenes = [(of_day[name], lambda _view: name.encode(), lambda _view: None)]

    there_is("early")
    look(trip, area)
    change(trip, area, land=box(0, 1, inset=0.01))
    there_is("both")
    assert look(trip, area).counts_by_verdict == {"NO_CHANGE": 2}
    there_is("early")
    trip.change = a_change(900)
    assert look(trip, area).counts_by_verdict == {"CHANGED": 2}, "the later item is gone, and the day's picture another"


def test_a_picture_that_was_stored_alone_is_never_compared_with_itself(trip, area):
    trip.run_session(area, "march", days=0)
    with trip.engine.begin() as connection:  # as if nobody had taken it as the baseline
        connection.execute(text("UPDATE session_tiles SET verdict = 'FAILED'"))
    change(trip, area, land=box(0, 1, inset=0.01))
    assert look(trip, area).counts_by_verdict == {"BASELINE": 2}


def test_tiles_that_left_are_no_matter_any_more(trip, area):
    trip.run_session(area, "march", days=0)
    found = trip.run_session(area, "april", days=30, change=a_change(900))
    change(trip, area, land=box(0, 0))
    session = trip.run_session(area, "may", days=60)
    assert (places_of(trip, session), session.counts_by_verdict) == ([0], {"NO_CHANGE": 1})
    assert session.unseen.of_m2 == pytest.approx(box(0, 0).m2, rel=1e-3)
    assert len(trip.alerts_of(found)) == 2, "what was told stays"
    compared = trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, min_changed_area_m2=30.0)
    again = trip.compare_now(compared)
    assert places_of(trip, again) == [0]


def test_how_it_stands_is_not_known_until_its_land_was_looked_at(trip, area):
    trip.clear_share = 0.0
    trip.run_session(area, "cloud", days=0)
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.BLIND
    trip.wait(days=40)
    change(trip, area, land=box(0, 2))
    assert trip.areas.standings([area.area_id]) == {}
    assert trip.state_notices.due(now=trip.now, limit=10) == []
    trip.clear_share = 1.0
    trip.run_session(area, "march", days=1)
    standing = trip.areas.standings([area.area_id])[area.area_id]
    assert (standing.state, standing.since) == (AreaState.WATCHED, trip.now)
    assert standing.unseen.of_m2 == pytest.approx(box(0, 2).m2, rel=1e-3)


def test_since_when_ground_is_not_seen_is_counted_anew(trip, area):
    trip.run_session(area, "march", days=0)
    trip.clear_share, haze = 0.5, a_change(clear_share=0.5)
    trip.run_session(area, "haze", days=1, change=haze)
    trip.wait(days=10)
    change(trip, area, land=box(0, 2))
    trip.run_session(area, "more haze", days=2, change=haze)
    standing = trip.areas.standings([area.area_id])[area.area_id]
    assert (standing.state, standing.since) == (AreaState.PARTLY_BLIND, trip.now)
    assert (standing.unseen.since, standing.clearly_seen_at) == (trip.now, None)


def test_nobody_is_told_of_a_land_that_is_another(engine):
    trip = Trip(engine)
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    area = trip.add_area(tiles=1)
    trip.clear_share = 0.0
    trip.run_session(area, "cloud", days=0)
    change(trip, area, land=box(0, 1))
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) == []
    trip.run_session(area, "more cloud", days=1)
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) != [], "nobody has seen the new land either"


def test_a_session_that_runs_ends_and_says_why(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    change(trip, area, land=box(0, 2))
    ended = trip.session(session)
    assert (ended.status, ended.counts_by_verdict) == (SessionStatus.ERROR, {"CANCELLED": 2})
    assert ended.reason == "2 of 2 tiles were cancelled: the land was changed while this session ran"
    assert trip.areas.standings([area.area_id]) == {}
    trip.work()
    assert trip.tick() == 1


def test_changes_of_one_moment_have_their_sessions_each(trip, area):
    trip.show("march")
    change(trip, area, land=box(0, 2))
    assert trip.tick() == 1
    change(trip, area, land=box(1, 2))
    trip.wait(seconds=1)
    assert trip.tick() == 1
    assert [session.is_open for session in trip.all_sessions()] == [True, False]


def test_one_that_compares_two_dates_ends_as_well(trip, area):
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    change(trip, area, land=box(0, 2))
    assert verdicts(trip, session) == {"CANCELLED": 2}
    again = trip.compare_dates(area, day_after(-400), day_after(-40))
    trip.work()
    assert (again.session_id != session.session_id, places_of(trip, again)) == (True, [0, 1, 2])
    change(trip, area, land=box(0, 1))
    other = trip.compare_dates(area, day_after(-400), day_after(-40))
    assert other.session_id != again.session_id, "what was compared was other land"


def test_whoever_changes_the_land_and_dies_leaves_the_end_to_reconcile(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, land=box(0, 2))
    trip.work()
    assert trip.session(session).is_open
    trip.reconcile()
    assert verdicts(trip, session) == {"CANCELLED": 2}
    assert trip.tick() == 1


def test_other_land_is_of_the_settings_that_it_was_checked_with(trip, area):
    change(trip, area, min_changed_area_m2=1000.0)
    with pytest.raises(ChangedMeanwhile):
        change(trip, area, read=area, land=box(0, 2))


def test_a_grid_does_not_move_for_a_session_of_other_land(trip, area):
    session = trip.capture_now(area)
    trip.searches.begin(session.session_id, now=trip.now, until=trip.now + timedelta(seconds=60))
    change(trip, area, land=box(0, 2))
    finer = Grid(zoom=18, tile_px=64, margin_px=8)
    trip.searches.keep(session.session_id, Found(scenes=(), refused=(), says=""), finer=finer)
    assert now_of(trip, area).plan.grid == GRID


def test_what_failed_on_other_land_is_not_replayed(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=RuntimeError("broken"))
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    trip.wait(hours=2)
    trip.reconcile()
    assert verdicts(trip, session).get("FAILED")
    change(trip, area, land=box(0, 2))
    replays = SqlReplays(trip.engine, deadline_s=3600, retry_s=900)
    with pytest.raises(Conflict, match="land of area"):
        replays.replay(session.session_id, tile=None, now=trip.now, request_id="")


def test_what_somebody_asks_for_after_a_change_is_looked_at(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    trip.work()
    change(trip, area, land=box(0, 1))
    session = trip.capture_now(area)
    assert (session.cause, places_of(trip, session)) == (Cause.REQUESTED, [0, 1])


def test_a_paused_area_stays_so(trip, area):
    change(trip, area, is_paused=True)
    changed = change(trip, area, land=box(0, 2))
    assert changed.is_paused
    assert trip.tick() == 0
