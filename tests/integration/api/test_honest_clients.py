"""Who uses Bhuprahari as it is meant to be used is never told to come back later: no second goes by in these tests."""

from sqlalchemy import insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.settings import Settings
from tests.support.full_database import fill

AREAS, ALERTS = 300, 1000


def much_land(server, person):
    """Give somebody many areas, and one of them many alerts; give that one's id."""
    area_id = person.area()["id"]
    with server.engine.begin() as connection:
        row = dict(connection.execute(select(t.area_configs)).mappings().one())
        same = [row | {"id": number, "name": f"Land {number}"} for number in range(area_id + 1, area_id + AREAS)]
        connection.execute(insert(t.area_configs), same)
    fill(server.engine, user_id=1, area_id=area_id, runs=ALERTS, every=1)
    return area_id


def asked_by_the_existing_client(person, area_id):
    """Open the app, look at the lists, supervise an area now, read a session; give the statuses."""
    calls = [
        ("GET", "/api/area-configs/"),
        ("GET", f"/api/area-configs/{area_id}"),
        ("POST", f"/api/monitor/capture/{area_id}"),
        ("POST", f"/api/monitor/compare/{area_id}"),
        ("GET", f"/api/monitor/image-tiles/area/{area_id}"),
        ("GET", "/api/alerts/sessions"),
        ("GET", "/api/alerts/sessions/1/details"),
    ]
    return [person.call(method, path).status for method, path in calls]


def asked_by_the_console(person, area_id):
    """Open its pages one after the other, and watch a hundred sessions; give the statuses."""
    pages = [
        *("/api/auth/me", "/api/area-configs", "/api/alerts/sessions?limit=100", "/api/providers"),
        *("/api/alerts/sessions/1/details?limit=20", f"/api/area-configs/{area_id}", "/api/places?limit=50"),
        *(f"/api/monitor/image-tiles/area/{area_id}", "/api/pushes?limit=50", "/api/auth/sign-ins"),
        *["/api/alerts/sessions/1"] * 100,
    ]
    return [person.get(page).status for page in pages]


def test_the_existing_client_and_the_console_at_300_areas_are_not_refused(server_with):
    server = server_with(user_units_at_once=Settings.of().admission.user_units_at_once)
    asha = server.user()
    area_id = much_land(server, asha)
    assert len(asha.get("/api/area-configs").json) == AREAS
    told = asked_by_the_existing_client(asha, area_id) + asked_by_the_console(asha, area_id)
    told += asked_by_the_existing_client(asha, area_id)
    assert set(told) <= {200, 201}


def test_what_was_not_asked_for_in_a_minute_is_not_asked_for_at_once(server_with):
    server = server_with(user_units_per_minute=60, user_units_at_once=20)
    asha = server.user()
    server.later(minutes=5)
    assert [asha.get("/api/auth/me").status for _ in range(21)] == [200] * 20 + [429]
    server.later(seconds=3)
    assert [asha.get("/api/auth/me").status for _ in range(4)] == [200] * 3 + [429]


def test_no_more_comes_at_once_than_in_a_minute(server_with):
    server = server_with(user_units_per_minute=10, user_units_at_once=20)
    asha = server.user()
    server.later(minutes=5)
    assert [asha.get("/api/auth/me").status for _ in range(11)] == [200] * 10 + [429]
