"""Dry runs through the trip with the real comparison, on both databases: they say what the trip has told, or would."""

from dataclasses import replace
from itertools import count

import cv2
import pytest
from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.dry_runs import SqlDryRuns
from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import MIN_SCORE_ALONE, Evidence, Persistence
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import Sensitivity, Thresholds
from tests.support.builders.domain import SPRING, a_change, a_region
from tests.support.builders.land import crop, house, land
from tests.support.running.pairs import real_pairs
from tests.support.running.watched_tile import SIDE, USUAL, a_trip, tried, watch
from tests.support.trip import Trip

pytestmark = pytest.mark.xdist_group("dry run")  # in one process, which works each comparison out once
STRICTER = {
    "large": Thresholds(min_changed_area_m2=150.0),
    "low": Thresholds(min_changed_area_m2=25.0, sensitivity=Sensitivity.LOW),
    "roads": Thresholds(min_changed_area_m2=25.0, alert_kinds=frozenset({Kind.ROAD})),
}


@pytest.fixture
def trip(engine):
    return a_trip(engine)


def growing_house():
    plain = land(SIDE, seed=3)
    return [plain, plain] + [house(plain, 70, 70, width=14 + 2 * max(0, n - 1), height=18) for n in range(5)]


def creeping_slab():
    pictures = [land(SIDE, seed=3)]
    for number in range(1, 7):
        picture = land(SIDE, seed=3)
        cv2.rectangle(picture, (70, 70), (80, 70 + round(number * 3.6) - 1), (175, 180, 185), -1)
        pictures.append(picture)
    return pictures


def crops_and_a_house():
    plain = land(SIDE)
    return [house(crop(plain, day), 22, 22, width=22, height=18) if day > 3 else crop(plain, day) for day in range(6)]


STORIES = {one.__name__: one for one in (growing_house, creeping_slab, crops_and_a_house)}


def counted(outcome):
    return [each.alerts_then for each in outcome.sessions]


def assert_nothing_is_other(outcome, told):
    assert counted(outcome) == [each.alerts_now for each in outcome.sessions] == [len(alerts) for alerts in told]
    assert outcome.regions_then == outcome.regions_now == sum(map(sum, told))
    assert (outcome.goes.count, outcome.comes.count, outcome.may_come.count) == (0, 0, 0), outcome
    assert outcome.total("may_go") == 0


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_settings_as_they_are_tell_exactly_the_alerts_there_are(trip, story):
    area, told = watch(trip, story())
    assert any(told)
    outcome = tried(trip, area, USUAL)
    assert_nothing_is_other(outcome, told)
    assert outcome.exact_since == outcome.sessions[0].session.started_at
    for newest in range(1, len(told)):  # what was told before the first of them is known
        assert_nothing_is_other(tried(trip, area, USUAL, sessions=newest), told[-newest:])


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("settings", STRICTER.values(), ids=STRICTER)
def test_stricter_settings_tell_what_they_would_have_told(trip, story, settings):
    area, _ = watch(trip, story())
    _, really = watch(trip, story(), settings)
    outcome = tried(trip, area, settings)
    may = outcome.total("may_come") + sum(change.may_come_later for change in outcome.goes.first)
    then = outcome.total("alerts_then")
    assert then - outcome.total("may_go") <= sum(map(len, really)) <= then + may, (outcome.says, really)


@pytest.mark.parametrize("settings", [USUAL, *STRICTER.values()], ids=["usual", *STRICTER])
def test_real_pairs_tell_exactly_their_alerts(trip, settings):
    pairs = real_pairs(3)
    if not pairs:
        pytest.skip("the real pairs are not here (../shared/change-pairs)")
    for pair in pairs:
        pictures = [cv2.resize(cv2.imread(str(path)), (SIDE, SIDE)) for path in (pair.before, pair.after)]
        area, told = watch(trip, pictures, settings)
        assert_nothing_is_other(tried(trip, area, settings), told)


def test_regions_from_before_evidence_was_kept_are_judged_by_their_size_alone(trip):
    area, told = watch(trip, growing_house())
    forget_evidence(trip.engine)
    outcome = tried(trip, area, USUAL)
    assert_nothing_is_other(outcome, told)
    assert outcome.exact_since != outcome.sessions[0].session.started_at
    assert tried(trip, area, Thresholds(min_changed_area_m2=1000.0)).total("alerts_then") == 0
    low = tried(trip, area, STRICTER["low"])
    assert low.total("alerts_then") == low.total("may_go") == sum(map(len, told))
    assert low.says.endswith("may go: they are from before what decides about them was kept")


def test_two_dates_that_somebody_asked_for_are_not_replayed(trip):
    area, told = watch(trip, growing_house()[:3])
    with trip.engine.begin() as connection:
        newest = select(t.alert_sessions.c.id).order_by(t.alert_sessions.c.id.desc()).limit(1)
        dates = {"before": "2026-01-01", "after": "2026-02-01"}
        one = connection.execute(newest).scalar_one()
        connection.execute(update(t.alert_sessions).where(t.alert_sessions.c.id == one).values(two_dates=dates))
    assert_nothing_is_other(tried(trip, area, USUAL), told[:-1])


def test_more_comparisons_than_are_replayed_leave_the_newest(trip):
    area, told = watch(trip, growing_house()[:5])
    past = SqlDryRuns(trip.engine).past(area.area_id, since=SPRING, most_sessions=100, most_compared=2)
    assert (len(past.sessions), past.is_whole) == (2, False)
    everything = SqlDryRuns(trip.engine).past(area.area_id, since=SPRING, most_sessions=100, most_compared=100)
    assert (len(everything.sessions), everything.is_whole) == (len(told), True)


def forget_evidence(engine):
    """Make rows as an earlier release wrote them."""
    numbers = count()

    def without(regions):
        return [{name: value for name, value in one.items() if name != "evidence"} for one in regions or ()]

    with engine.begin() as connection:
        for row in connection.execute(select(t.comparisons)).all():
            next(numbers)
            of_row = update(t.comparisons).where(t.comparisons.c.id == row.id)
            connection.execute(of_row.values(ignored=without(row.ignored)))
        for row in connection.execute(select(t.alert_details)).all():
            log = row.change_log | {"regions": without(row.change_log["regions"])}
            connection.execute(update(t.alert_details).where(t.alert_details.c.id == row.id).values(change_log=log))
    assert next(numbers)


def twice(thresholds):
    return replace(thresholds, is_confirmed_twice=True)


def seen(engine, thresholds, *, score, **found):
    """Watch a tile whose second image shows one region; give the trip and the area."""
    trip, judged = Trip(engine), Evidence(m2=900.0, least_score=0.5, pair_scores=(score, score), score=score, **found)
    region = replace(a_region(900.0), score=score, evidence=judged.kept())
    area = trip.add_area(tiles=1, thresholds=thresholds)
    trip.run_session(area, "before", days=0)
    told = replace(a_change(), regions=(region,))
    unsure = replace(a_change(), ignored=(replace(region, reason=Reason.NOT_YET_SURE),))
    trip.run_session(area, "after", days=10, change=unsure if score < MIN_SCORE_ALONE else told)
    return trip, area


def test_what_was_seen_once_counts_as_no_alert(engine):
    trip, area = seen(engine, twice(USUAL), score=0.9, held=Persistence(None, 0.9, 2, 2))
    outcome = tried(trip, area, twice(USUAL))
    assert [(each.alerts_now, each.alerts_then, each.may_come) for each in outcome.sessions] == [(0, 0, 0)] * 2
    assert outcome.comes.count == 0


@pytest.mark.parametrize("thresholds", [USUAL, twice(USUAL)], ids=["at once", "by a second image"])
def test_what_other_settings_let_through_may_come_where_two_images_have_to_show_it(engine, thresholds):
    trip, area = seen(engine, thresholds, score=0.52, held=Persistence(None, 0.52, 0, 0))
    outcome = tried(trip, area, replace(thresholds, sensitivity=Sensitivity.HIGH))
    is_told = not thresholds.is_confirmed_twice
    assert (outcome.total("alerts_then"), outcome.comes.count, outcome.total("may_come")) == (
        (1, 1, 0) if is_told else (0, 0, 1)
    )
    assert outcome.says == (
        "1 alert instead of 0"
        if is_told
        else "0 alerts, as now; 1 more may come: what decides about them was not looked at then"
    )
