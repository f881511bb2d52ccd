"""Dry runs over HTTP: what they answer, what they refuse, and that nothing is changed by them."""

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from tests.support.api_server import SMALL_AREA

NUMBERS = ("alertsNow", "alertsThen", "mayCome", "mayGo", "regionsNow", "regionsThen", "leftOut")


def numbers_of(answer):
    assert answer.status == 200, answer.content
    return tuple(answer.json[name] for name in NUMBERS)


def test_settings_are_tried_on_what_was_told_and_nothing_is_changed(server, asha):
    area = asha.trip(changed_m2=900)
    path = f"/api/area-configs/{area['id']}"
    alerts = len(asha.get(f"/api/alerts/sessions/{newest(asha)}/details").json["alert_details"])
    before = stored(server)
    as_it_is = asha.post(f"{path}/dry-run", {})
    assert as_it_is.status == 200
    assert numbers_of(as_it_is) == (alerts, alerts, 0, 0, alerts, alerts, 0)
    assert as_it_is.json["message"] == ("1 alert, as now" if alerts == 1 else f"{alerts} alerts, as now")
    larger = asha.post(f"{path}/dry-run", {"minChangedAreaM2": 1000, "unseenTolerance": 0.5})
    assert numbers_of(larger) == (alerts, 0, 0, 0, alerts, 0, 0)
    assert larger.json["message"] == f"0 alerts instead of {alerts}"
    gone = larger.json["goes"][0]
    (region,) = gone["regions"]
    assert (region["areaM2"], region["reason"], gone["outlines"]["type"]) == (900.0, "below size", "MultiPolygon")
    session = asha.get(f"/api/alerts/sessions/{gone['alertSessionId']}/details").json
    assert gone["alertId"] in [alert["id"] for alert in session["alert_details"]]
    assert stored(server) == before
    assert asha.get(path).json["minChangedAreaM2"] == area["minChangedAreaM2"]


def newest(person):
    return person.get("/api/alerts/sessions").json[0]["id"]


def stored(server):
    tables = t.area_configs, t.alert_sessions, t.session_tiles, t.comparisons, t.alert_details, t.places, t.outbox
    with server.engine.connect() as connection:
        return [connection.execute(select(table)).all() for table in tables]


def test_an_area_that_was_never_compared_has_nothing_to_try_on(asha):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    answer = asha.post(f"/api/area-configs/{area['id']}/dry-run", {"sensitivity": "low"})
    assert numbers_of(answer) == (0,) * len(NUMBERS)
    assert (answer.json["message"].startswith("nothing was compared"), answer.json["exactSince"]) == (True, None)


def test_what_stored_comparisons_do_not_tell_of_is_said(asha):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    said = {"confirmBySecondImage": True, "geometry": None, "name": "x", "cadenceHours": 24, "isPaused": True}
    answer = asha.post(f"/api/area-configs/{area['id']}/dry-run", said)
    assert [one["member"] for one in answer.json["notReplayed"]] == ["confirmBySecondImage", "geometry"]
    assert all(one["reason"] for one in answer.json["notReplayed"])


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"sensitivity": "loud"}, "/sensitivity"),
        ({"minChangedAreaM2": 0}, "/minChangedAreaM2"),
        ({"minChangedAreaM2": 1e9}, "/minChangedAreaM2"),
        ({"minChangedAreaM2": "25"}, "/minChangedAreaM2"),
        ({"alertKinds": []}, "/alertKinds"),
        ({"alertKinds": ["houses"]}, "/alertKinds/0"),
        ({"unseenTolerance": 2}, "/unseenTolerance"),
        ({"days": 0}, "/days"),
        ({"days": 401}, "/days"),
        ({"sessions": 101}, "/sessions"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_settings_that_are_none_are_refused(asha, said, pointer):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    refused = asha.post(f"/api/area-configs/{area['id']}/dry-run", said)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, pointer)


def test_a_dry_run_is_of_ones_own_area(asha, server):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    badri = server.user("badri@example.org")
    assert badri.post(f"/api/area-configs/{area['id']}/dry-run", {}).status == 404
