"""Kinds of change through the trip, on both databases: chosen by areas, kept with places, told in pushes."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from chalicelib.adapters.database import tables as t
from chalicelib.domain.changes import Reason
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, WORKS, Kind, ReadingKind
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.pushes import Target
from tests.support.builders.domain import a_change, a_region
from tests.support.trip import ALL, Trip

BUILT = replace(a_region(900), kind=Kind.BUILT, kind_probability=0.83)
CROP = replace(a_region(400), kind=Kind.CROP_OR_SEASON, kind_probability=0.96, reason=Reason.KIND_NOT_ASKED_FOR)


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[Target.parse("/topics/all")])


def look(trip, area, name, **change):
    trip.show(name, days=len(name), change=replace(a_change(), **change))
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def test_an_area_keeps_the_kinds_that_it_alerts_on_and_the_usual_ones_are_none_of_its_own(trip):
    usual = trip.add_area()
    assert usual.plan.thresholds.alert_kinds == DEFAULT_ALERT_KINDS
    changed = trip.areas.change(usual.area_id, user_id=usual.user_id, now=trip.now, alert_kinds=frozenset({Kind.ROAD}))
    assert changed.plan.thresholds.alert_kinds == {Kind.ROAD}
    assert trip.areas.get(usual.area_id, user_id=usual.user_id) == changed
    back = trip.areas.change(usual.area_id, user_id=usual.user_id, now=trip.now, alert_kinds=DEFAULT_ALERT_KINDS)
    assert back == replace(usual, version=3)
    kept = select(t.area_configs.c.id).where(t.area_configs.c.alert_kinds.is_(None))
    with trip.engine.connect() as connection:
        assert connection.execute(kept).scalars().all() == [usual.area_id], "it follows what is usual"


def test_the_detector_is_told_which_kinds_alert(trip):
    asked = []
    trip.compare = lambda *_images, thresholds, **_ground: asked.append(thresholds.alert_kinds) or a_change()
    area = trip.add_area(tiles=1)
    look(trip, area, "a")
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, alert_kinds=WORKS)
    look(trip, area, "bb")
    assert asked == [WORKS]


def test_a_change_of_a_kind_is_an_alert_a_place_and_a_push_of_that_kind(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "a")
    session = look(trip, area, "bb", regions=(BUILT,), ignored=(CROP,))
    assert session.kinds == (ReadingKind.BUILT,)
    ((alert, _),) = trip.alerts_of(session)
    assert alert.change_log["kinds"] == ["built"]
    assert [(one["kind"], one["kind_probability"]) for one in alert.change_log["regions"]] == [("built", 0.83)]
    assert [(one["kind"], one["reason"]) for one in alert.change_log["ignored"]] == [
        ("crop_or_season", "kind not asked for")
    ]
    (place,) = trip.places.of_user(area.user_id, wanted=PlaceFilter(), page=ALL).items
    assert (place.kind, place.kind_probability) == (Kind.BUILT, 0.83)
    assert {notice.body for notice, _ in trip.push.pushes} == {"1 tile changed: built, severity high"}


def test_what_nobody_asks_for_is_seen_and_ignored_and_no_place(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "a")
    session = look(trip, area, "bb", ignored=(CROP,))
    assert (session.status.value, session.kinds) == ("COMPLETED_NO_CHANGES", ())
    (seen,) = trip.alerts.ignored(session.session_id, user_id=area.user_id, page=ALL).items
    assert [(one["kind"], one["reason"]) for one in seen.regions] == [("crop_or_season", "kind not asked for")]
    assert trip.places.of_user(area.user_id, wanted=PlaceFilter(), page=ALL).items == []


def test_what_an_earlier_release_found_has_no_kind_and_is_shown_as_other(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "a")
    session = look(trip, area, "bb", regions=(a_region(900),))
    with trip.engine.begin() as connection:
        log = connection.execute(select(t.alert_details.c.change_log)).scalar_one()
        old = {name: value for name, value in log.items() if name != "kinds"}
        connection.execute(update(t.alert_details).values(change_log=old))
        summary = connection.execute(
            select(t.alert_sessions.c.summary).where(t.alert_sessions.c.id == session.session_id)
        )
        kept = {name: value for name, value in summary.scalar_one().items() if name != "kinds"}
        connection.execute(
            update(t.alert_sessions).where(t.alert_sessions.c.id == session.session_id).values(summary=kept)
        )
    assert trip.sessions.get(session.session_id, user_id=area.user_id).kinds == ()
    (place,) = trip.places.of_user(area.user_id, wanted=PlaceFilter(), page=ALL).items
    assert (place.kind, place.kind_probability) == (Kind.OTHER, None)
