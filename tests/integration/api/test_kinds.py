"""Kinds of change over HTTP: which ones an area alerts on, and which ones alerts, sessions and places are of."""

import pytest
from sqlalchemy import update

from chalicelib.adapters.database import tables as t
from tests.support.api_server import SMALL_AREA

USUAL = ["built", "road", "bare_earth", "vegetation_lost", "water_lost"]


def test_an_area_alerts_on_the_usual_kinds_or_on_those_that_are_said(asha):
    assert asha.post("/api/area-configs", SMALL_AREA).json["alertKinds"] == USUAL
    area = asha.post("/api/area-configs", SMALL_AREA | {"alertKinds": ["other", "built", "built"]}).json
    assert area["alertKinds"] == ["built", "other"]
    path = f"/api/area-configs/{area['id']}"
    changed = asha.call("PATCH", path, {"alertKinds": ["crop_or_season"]})
    assert (changed.status, changed.json) == (200, area | {"alertKinds": ["crop_or_season"], "version": 2})
    assert asha.get(path).json == changed.json
    assert asha.call("PATCH", path, {"alertKinds": None}).json["alertKinds"] == USUAL


@pytest.mark.parametrize(
    ("kinds", "pointer"),
    [
        (["houses"], "/alertKinds/0"),
        (["built", ""], "/alertKinds/1"),
        (["built", 7], "/alertKinds/1"),
        ([], "/alertKinds"),
        ("built", "/alertKinds"),
        (["x" * 51], "/alertKinds/0"),
        (["built"] * 51, "/alertKinds"),
    ],
)
def test_kinds_that_are_none_are_refused_and_nothing_is_changed(asha, kinds, pointer):
    refused = asha.post("/api/area-configs", SMALL_AREA | {"alertKinds": kinds})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, pointer)
    area = asha.post("/api/area-configs", SMALL_AREA).json
    wrong = asha.call("PATCH", f"/api/area-configs/{area['id']}", {"sensitivity": "low", "alertKinds": kinds})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (400, pointer)
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_alerts_sessions_and_places_say_of_which_kind_they_are(asha):
    asha.trip(changed_m2=900)
    newest, oldest = asha.get("/api/alerts/sessions").json
    assert (newest["kinds"], oldest["kinds"]) == (["other"], [])
    (alert, *_) = asha.get(f"/api/alerts/sessions/{newest['id']}/details").json["alert_details"]
    assert alert["kinds"] == alert["changeLog"]["kinds"] == ["other"]
    assert [(one["kind"], one["kind_probability"]) for one in alert["changeLog"]["regions"]] == [("other", None)]
    (place,) = asha.get("/api/places").json
    assert (place["kind"], place["kindProbability"]) == ("other", None)


def test_an_alert_from_before_there_were_kinds_says_other(server, asha):
    asha.trip(changed_m2=900)
    newest = asha.get("/api/alerts/sessions").json[0]
    log = {"changed": True, "change_percent": 1.0, "message": "m", "regions": [{"area_m2": 900.0}]}
    with server.engine.begin() as connection:
        connection.execute(update(t.alert_details).values(change_log=log))
    (alert, *_) = asha.get(f"/api/alerts/sessions/{newest['id']}/details").json["alert_details"]
    assert alert["kinds"] == []
    assert alert["changeLog"]["regions"] == [{"kind": "other", "kind_probability": None, "area_m2": 900.0}]
