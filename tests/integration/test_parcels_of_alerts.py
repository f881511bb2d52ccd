"""Alerts and places name the parcels that they touch, and keep them; permits say who is told, on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event, select, update

from chalicelib.adapters.database import named_parcel_rows, named_parcels
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.layers import SqlLayers
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.errors import BadImage
from chalicelib.domain.jobs import Queue
from chalicelib.domain.layers import LayerKind
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.permits import Standing
from chalicelib.domain.shapes import bounds_of_outlines
from tests.support.builders.domain import a_change, a_region
from tests.support.builders.parcels import a_parcel, add_layer, add_version, plot
from tests.support.timing import at_once
from tests.support.trip import Trip, jobs_of

PLOTS = [
    a_parcel("820/1", plot(-45, 0, 0, 45), number=1),
    a_parcel("820/2", plot(0, 0, 45, 45), number=2),
    a_parcel("821", plot(0, 45, 45, 90), number=3),
]


def change(*outlines, m2=900.0):
    return replace(a_change(m2), regions=tuple(replace(a_region(m2), outline=outline) for outline in outlines))


def permit(outline, *, number=1, state="approved", until=date(2026, 12, 31), reference="BDA/7"):
    said = {"valid_from": date(2025, 1, 1), "valid_to": until, "reference": reference, "state": state}
    return a_parcel(f"permit {number}", outline, number=number, **said)


def permits(trip, *rows, **layer):
    return add_layer(trip.engine, trip.user.user_id, rows, kind=LayerKind.PERMITS, name="Permits", **layer)


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    made.accounts.add_device(made.user.user_id, token="phone", platform="android", now=made.now)
    return made


@pytest.fixture
def area(trip):
    made = trip.add_area(tiles=1)
    trip.run_session(made, "before", days=0)
    return made


def look(trip, area, *outlines, days=1, m2=900.0):
    return trip.run_session(area, f"day {days}", days=days, change=change(*outlines, m2=m2))


def the_alert(trip, session):
    ((alert, _),) = trip.alerts_of(session)
    return alert


def the_land(trip, alert):
    return trip.alerts.parcels(alert.alert_id, user_id=trip.user.user_id, page=PageRequest(1)).items[0].outlines


def shares(named):
    return {parcel.name: (round(parcel.share, 2), parcel.is_maybe) for parcel in named}


def test_an_alert_and_its_place_name_the_parcels_that_they_touch_with_the_share_inside(trip, area):
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    session = look(trip, area, plot(-10, 10, 30, 30))
    alert = the_alert(trip, session)
    assert shares(alert.parcels) == {"820/2": (0.75, False), "820/1": (0.25, False)}
    assert alert.parcels_touched == 2
    assert alert.change_log["message"].endswith("; on 820/2, 820/1")
    assert alert.parcels[0].tags == {"MOUZA": "Chandaka"}
    place = trip.places.get(alert.place_ids[0], user_id=trip.user.user_id)
    assert shares(place.parcels) == shares(alert.parcels)
    (push,) = trip.pushes()
    assert push.notice.body.startswith("1 tile changed on 2 parcels")


def test_a_parcel_whose_border_is_nearer_than_the_layer_is_right_is_told_as_maybe(trip, area):
    add_layer(trip.engine, trip.user.user_id, PLOTS, accuracy_m=12.0)
    session = look(trip, area, plot(2, 16, 30, 28))  # 820/1 is 2 m away; 821 is 17 m away
    assert shares(the_alert(trip, session).parcels) == {"820/2": (1.0, False), "820/1": (0.0, True)}
    session = look(trip, area, plot(3, 3, 9, 9), days=2)  # all of it so near that it may be anywhere
    assert shares(the_alert(trip, session).parcels)["820/2"] == (1.0, True)


def test_what_an_alert_kept_no_later_version_and_no_deletion_changes(trip, area):
    layer = permits(trip, permit(plot(0, 0, 45, 45)))
    session = look(trip, area, plot(10, 10, 30, 30))
    kept = the_alert(trip, session)
    assert kept.is_likely_authorised
    facts = kept.parcels[0].facts
    assert (facts.valid_from, facts.valid_to, facts.state) == (date(2025, 1, 1), date(2026, 12, 31), "approved")
    land = the_land(trip, kept)
    assert land == ([plot(0, 0, 45, 45)[0]],)
    assert (facts.version, facts.number, facts.bounds) == (1, 1, bounds_of_outlines(land))
    add_version(trip.engine, layer, [permit(plot(0, 0, 45, 45), state="revoked")], number=2)
    assert the_alert(trip, session) == kept
    with trip.engine.begin() as connection:
        connection.execute(update(t.layers).values(deleted_at=trip.now))
    SqlLayers(trip.engine).purge(now=trip.now, limit=100)
    with trip.engine.connect() as connection:
        assert connection.execute(select(t.parcels)).all() == [], "nothing is left of the layer itself"
    assert the_alert(trip, session) == kept
    assert the_land(trip, kept) == land


def test_of_what_an_alert_names_so_many_corners_are_kept_and_of_the_others_the_box(trip, area, monkeypatch):
    monkeypatch.setattr(named_parcel_rows, "MOST_CORNERS_KEPT", 12)
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    alert = the_alert(trip, look(trip, area, plot(-10, 10, 30, 60)))
    found = trip.alerts.parcels(alert.alert_id, user_id=trip.user.user_id, page=PageRequest(10)).items
    assert [(parcel.outlines is None, parcel.facts is None) for parcel in found] == [
        (False, False),
        (False, False),
        (True, False),
    ]


def test_what_a_release_without_facts_named_is_shown_without_them(trip, area):
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    session = look(trip, area, plot(10, 10, 30, 30))
    with trip.engine.begin() as connection:
        connection.execute(update(t.named_parcels).values(facts=None, geometry=None))
    alert = the_alert(trip, session)
    assert (alert.parcels[0].name, alert.parcels[0].facts) == ("820/2", None)
    assert the_land(trip, alert) is None


def test_a_change_inside_a_valid_permit_is_marked_and_nobody_is_told(trip, area):
    permits(trip, permit(plot(0, 0, 45, 45)))
    session = look(trip, area, plot(10, 10, 30, 30))
    alert = the_alert(trip, session)
    assert alert.is_likely_authorised
    assert (alert.parcels[0].reference, alert.parcels[0].standing) == ("BDA/7", Standing.VALID)
    assert alert.change_log["message"].endswith("; inside permit BDA/7")
    assert (session.status, session.authorised) == ("COMPLETED_CHANGES_DETECTED", 1)
    assert trip.pushes() == []
    trip.reconcile()
    trip.work()
    assert trip.pushes() == []
    assert not session.is_all_clear


def test_permits_are_looked_up_before_parcels_and_where_they_are_too_many_nothing_is_allowed(trip, area, monkeypatch):
    monkeypatch.setattr(named_parcels, "MOST_NEAR", 2)
    add_layer(trip.engine, trip.user.user_id, [replace(plot_, number=n) for n, plot_ in enumerate(PLOTS[:2] * 3, 1)])
    permits(trip, permit(plot(0, 0, 45, 45)))
    assert the_alert(trip, look(trip, area, plot(10, 10, 30, 30))).is_likely_authorised
    permits(trip, permit(plot(0, 0, 45, 45)), permit(plot(5, 5, 40, 40), number=2))
    assert not the_alert(trip, look(trip, area, plot(11, 11, 31, 31), days=2, m2=1800.0)).is_likely_authorised


def test_a_change_partly_outside_of_its_permit_is_told(trip, area):
    permits(trip, permit(plot(0, 0, 45, 45)))
    session = look(trip, area, plot(-10, 10, 30, 30))
    assert not the_alert(trip, session).is_likely_authorised
    assert len(trip.pushes()) == 1
    session = look(trip, area, plot(5, 5, 15, 15), plot(60, 5, 75, 15), days=2)  # one of two is nowhere permitted
    assert not the_alert(trip, session).is_likely_authorised
    assert len(trip.pushes()) == 2


@pytest.mark.parametrize("state", ["revoked", "disputed"])
def test_inside_a_permit_that_does_not_hold_a_change_is_graver(trip, area, state):
    plain = the_alert(trip, look(trip, area, plot(60, 60, 90, 90), m2=160.0)).change_log["severity"]
    permits(trip, permit(plot(0, 0, 45, 45), state=state), permit(plot(-5, -5, 50, 50), number=2))
    session = look(trip, area, plot(10, 10, 30, 30), days=2, m2=160.0)
    alert = the_alert(trip, session)
    assert (plain, alert.change_log["severity"], session.severity) == ("medium", "high", "high")
    assert alert.change_log["message"].endswith(f"; inside permit BDA/7, which is {state}")
    place = trip.places.get(alert.place_ids[0], user_id=trip.user.user_id)
    assert place.severity == "high"
    assert len(trip.pushes()) == 2


def test_an_expired_permit_allows_nothing_and_is_named(trip, area):
    permits(trip, permit(plot(0, 0, 45, 45), until=date(2025, 12, 31)))
    alert = the_alert(trip, look(trip, area, plot(10, 10, 30, 30)))
    assert not alert.is_likely_authorised
    assert alert.parcels[0].standing == Standing.EXPIRED
    assert alert.change_log["message"].endswith("; permit BDA/7 there has expired")
    assert len(trip.pushes()) == 1


def test_who_is_told_of_two_tiles_is_told_of_that_which_no_permit_allows(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "before", days=0)
    permits(trip, permit(plot(0, 0, 45, 45)))
    outlines = iter([plot(10, 10, 30, 30), plot(60, 60, 90, 90)])
    trip.show("after", days=1)
    trip.compare = lambda *_images, **_ground: change(next(outlines))
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).authorised == 1
    (push,) = trip.pushes()
    assert push.notice.body.startswith("1 tile changed")


def failing_beside_a_change(trip):
    """Run a session of two tiles: one has a change, the other one cannot be compared."""
    area = trip.add_area(tiles=2)
    trip.run_session(area, "before", days=0)
    found = iter([change(plot(10, 10, 30, 30)), BadImage("damaged")])

    def compare(*_images, **_ground):
        if isinstance(one := next(found), Exception):
            raise one
        return one

    trip.show("after", days=1)
    trip.compare = compare
    session = trip.capture_now(area)
    trip.work()
    return area, trip.session(session)


@pytest.mark.parametrize("is_permitted", [True, False])
def test_works_inside_of_permits_hide_no_tile_that_fails(trip, is_permitted):
    if is_permitted:
        permits(trip, permit(plot(0, 0, 45, 45)))
    area, session = failing_beside_a_change(trip)
    assert session.counts_by_verdict == {"CHANGED": 1, "FAILED": 1}
    assert session.reason.startswith("1 of 2 tiles could not be captured or compared")
    told_at_once = [push.notice.title for push in trip.pushes()]
    trip.wait(days=3)
    trip.reconcile()
    trip.work()
    told = [push.notice.title for push in trip.pushes()]
    state = trip.areas.standings([area.area_id])[area.area_id].state
    if is_permitted:
        assert (told_at_once, state) == ([], AreaState.FAILING)
        assert told == ["Could not be looked at: Hill"]
    else:
        assert (len(told_at_once), state) == (1, AreaState.CHANGED)


def test_layers_of_others_are_nothing_to_an_alert_and_cost_it_no_statement(trip, area):
    add_layer(trip.engine, trip.add_user().user_id, PLOTS)
    said = []
    event.listen(trip.engine, "before_cursor_execute", lambda *call: said.append(call[2]))
    session = look(trip, area, plot(10, 10, 30, 30))
    asked = [statement for statement in said if "current_version_id" in statement]
    assert len(asked) == 2, "the claim asks within its own statement, and the places do once a session"
    assert [statement for statement in said if "named_parcels" in statement or "parcel_cells" in statement] == []
    assert the_alert(trip, session).parcels_touched is None


def test_the_parcels_of_an_alert_are_kept_once_whoever_ends_it(trip):
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    area = trip.add_area(tiles=1)
    trip.run_session(area, "before", days=0)
    for round_ in range(6):
        trip.show(f"after {round_}", days=round_ + 1, change=change(plot(-10, 10, 30, 30)))
        trip.capture_now(area)
        (job,) = jobs_of(trip, Queue.CAPTURES)
        trip.capture_tile(job)
        (job,) = jobs_of(trip, Queue.COMPARISONS)
        at_once(*[lambda job=job: trip.compare_tile(job)] * 4)
    with trip.engine.connect() as connection:
        of_alerts = connection.execute(
            select(t.named_parcels.c.alert_id).where(t.named_parcels.c.alert_id.is_not(None))
        )
        by_alert = list(of_alerts.scalars())
        places = list(connection.execute(select(t.named_parcels).where(t.named_parcels.c.place_id.is_not(None))))
    assert len(by_alert) == 2 * len(set(by_alert)) == 12
    assert len(places) == 2, "a place names what it touches now, once"


def test_what_an_area_named_goes_with_it(trip, area):
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    look(trip, area, plot(-10, 10, 30, 30))
    trip.delete(area)
    for _ in range(5):
        trip.wait(minutes=1)
        trip.reconcile()
    with trip.engine.connect() as connection:
        assert connection.execute(select(t.named_parcels)).all() == []
        assert len(connection.execute(select(t.parcels)).all()) == len(PLOTS), "the layer stays"


def test_a_place_that_grows_over_a_border_names_both_plots_and_each_once(trip, area):
    add_layer(trip.engine, trip.user.user_id, PLOTS)
    first = the_alert(trip, look(trip, area, plot(5, 5, 20, 20)))
    place_id = first.place_ids[0]
    assert set(shares(trip.places.get(place_id, user_id=trip.user.user_id).parcels)) == {"820/2"}
    second = the_alert(trip, look(trip, area, plot(-20, 5, 20, 20), days=2, m2=2000.0))
    assert second.place_ids == (place_id,)
    assert shares(trip.places.get(place_id, user_id=trip.user.user_id).parcels) == shares(second.parcels)
    assert set(shares(the_alert(trip, trip.all_sessions()[1]).parcels)) == {"820/2"}, "the first alert stays as it was"
