"""Parcels over HTTP: with alerts and places, as a pasted list, and as the land of an area."""

from datetime import date

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import parcels
from chalicelib.adapters.database import tables as t
from chalicelib.domain.layers import LayerKind
from tests.support.api_server import SMALL_AREA
from tests.support.builders.parcels import a_parcel, add_layer, add_version, adjoining, plot


def user_id(person):
    return person.get("/api/auth/me").json["id"]


def around(size_m=200):
    """Give a plot around what the server's detector finds: a point, of which no share lies anywhere."""
    lon, lat, half = 77.5, 12.9, size_m / 2 / 111_000
    corners = [(lon - half, lat - half), (lon + half, lat - half), (lon + half, lat + half), (lon - half, lat + half)]
    return [[*corners, corners[0]]]


def as_sent(outline):
    return [[list(position) for position in ring] for ring in outline]


def refused_at(answer, pointer, words):
    """Is it refused, because of what stands there, in these words?"""
    assert answer.status == 400, answer.content
    assert answer.is_problem
    (error,) = answer.json["errors"]
    assert (error["pointer"], words in error["detail"]) == (pointer, True), error


@pytest.fixture
def layer(server, asha):
    return add_layer(server.engine, user_id(asha), adjoining(4, 3))


def match(person, layer, text, **more):
    return person.post(f"/api/layers/{layer}/match", {"text": text} | more)


def test_an_alert_and_a_place_show_the_parcels_that_they_touch(server, asha):
    add_layer(server.engine, user_id(asha), [a_parcel("820/1", around())], accuracy_m=5.0)
    days = {"valid_from": date(2026, 1, 1), "valid_to": None}
    permit = a_parcel("a permit", around(), number=4, reference="BDA/7", state="disputed", **days)
    layer = add_layer(server.engine, user_id(asha), [permit], kind=LayerKind.PERMITS, name="Permits", accuracy_m=5.0)
    asha.trip()
    session = asha.get("/api/alerts/sessions").json[0]
    assert session["likelyAuthorised"] == 0
    (alert,) = asha.get(f"/api/alerts/sessions/{session['id']}/details").json["alert_details"]
    first, second = alert["parcels"]
    assert (first["name"], first["permit"], first["reference"]) == ("a permit", "disputed", "BDA/7")
    assert (second["name"], second["layerName"], second["tags"]) == ("820/1", "Plots", {"MOUZA": "Chandaka"})
    assert (second["share"], second["maybe"], second["permit"]) == (0.0, True, None)
    assert (alert["parcelsTouched"], alert["likelyAuthorised"]) == (2, False)
    place = asha.get(f"/api/places/{alert['placeIds'][0]}").json
    assert place["parcels"] == alert["parcels"]
    assert (first["state"], first["validFrom"], first["validTo"]) == ("disputed", "2026-01-01", None)
    assert (first["layerVersion"], first["number"], first["accuracyM"], first["m2"]) == (1, 4, 5.0, 1.0)
    assert asha.call("DELETE", f"/api/layers/{layer}").status == 204
    kept = asha.get(f"/api/alerts/{alert['id']}/parcels").json
    assert [each.pop("geometry")["coordinates"] for each in kept] == [[as_sent(around())]] * 2
    assert kept == alert["parcels"]


def test_the_parcels_of_others_alerts_do_not_exist(asha, badri):
    asha.trip()
    session = asha.get("/api/alerts/sessions").json[0]
    (alert,) = asha.get(f"/api/alerts/sessions/{session['id']}/details").json["alert_details"]
    assert asha.get(f"/api/alerts/{alert['id']}/parcels").json == []
    assert badri.get(f"/api/alerts/{alert['id']}/parcels").status == 404
    assert asha.get("/api/alerts/999999/parcels").status == 404


def test_a_layer_that_what_is_held_names_a_parcel_of_is_not_deleted(server, asha):
    layer = add_layer(server.engine, user_id(asha), [a_parcel("820/1", around())], accuracy_m=5.0)
    area = asha.trip()
    hold = asha.post("/api/holds", {"areaConfigId": area["id"], "reason": "case 12"}).json
    refused = asha.call("DELETE", f"/api/layers/{layer}")
    assert (refused.status, refused.is_problem) == (409, True), refused.content
    assert f"hold {hold['id']} on area {area['id']}" in refused.json["message"]
    assert asha.get(f"/api/layers/{layer}").status == 200
    asha.post(f"/api/holds/{hold['id']}/lift", {"reason": "settled"})
    assert asha.call("DELETE", f"/api/layers/{layer}").status == 204


def test_what_was_made_without_layers_says_so(asha):
    asha.trip()
    session = asha.get("/api/alerts/sessions").json[0]
    (alert,) = asha.get(f"/api/alerts/sessions/{session['id']}/details").json["alert_details"]
    assert (alert["parcels"], alert["parcelsTouched"], alert["likelyAuthorised"]) == ([], None, False)


def test_a_pasted_list_is_answered_line_by_line(asha, layer):
    answer = match(asha, layer, "Mouza,Plot\nChandaka,0/1\nChandaka,2 / 3\nElsewhere,1/1\nChandaka,9/9").json
    assert (answer["found"], answer["ambiguous"], answer["notFound"]) == (2, 0, 2)
    assert [(line["line"], line["state"]) for line in answer["lines"]] == [
        (2, "found"),
        (3, "found"),
        (4, "not found"),
        (5, "not found"),
    ]
    assert [one["name"] for one in answer["lines"][2]["parcels"]] == ["1/1"], "there is one in another mouza"
    assert len(answer["parcelIds"]) == 2


def test_a_pasted_ulpin_is_not_called_missing_where_the_layer_has_none(asha, layer):
    answer = match(asha, layer, "21ABC4567890XY\n0/1").json
    assert (answer["found"], answer["notFound"], answer["linesNotCompared"]) == (1, 0, 1)
    assert (answer["lines"][0]["state"], answer["notCompared"]) == ("not compared", ["ulpin"])


def test_the_columns_of_a_layer_can_be_said(asha, layer):
    text = "District,Plot\nChandaka,0/1"
    assert match(asha, layer, text).json["notCompared"] == ["district"]
    assert match(asha, layer, text, columns={"district": "MOUZA"}).json["notCompared"] == []
    refused_at(match(asha, layer, text, columns={"district": "DIST"}), "/columns/district", "it has MOUZA")
    refused_at(match(asha, layer, " \n"), "/text", "no line")


def test_a_list_is_compared_with_the_column_that_is_called_as_its_own(server, asha):
    tags = [{"plot": "5", "village": "A", "mouza": "B"}, {"plot": "5", "village": "B", "mouza": "A"}]
    plots = [a_parcel("5", plot(at, 0, at + 1, 1), number=at + 1, tags=each) for at, each in enumerate(tags)]
    layer = add_layer(server.engine, user_id(asha), plots)
    by_mouza, by_village = (match(asha, layer, f"{said},Plot\nB,5").json for said in ("Mouza", "Village"))
    assert (by_mouza["found"], by_village["found"]) == (1, 1)
    assert by_mouza["parcelIds"] != by_village["parcelIds"]
    unknown = match(asha, layer, "Khata,Plot\nB,5").json
    assert (unknown["ambiguous"], unknown["notCompared"]) == (1, ["Khata"])


def test_an_ulpin_of_another_plot_is_told_with_what_disagrees(server, asha):
    tags = [{"ulpin": f"21ABC456789{at:03d}", "mouza": "Chandaka"} for at in range(2)]
    plots = [a_parcel(f"820/{at}", plot(at, 0, at + 1, 1), number=at + 1, tags=each) for at, each in enumerate(tags)]
    layer = add_layer(server.engine, user_id(asha), plots)
    answer = match(asha, layer, "mouza,plot,ulpin\nchandaka,820/1,21ABC456789001\nchandaka,820/0,21-ABC-456789001").json
    assert [(line["state"], line["note"]) for line in answer["lines"]] == [
        ("found", None),
        ("ambiguous", "the parcel with this ULPIN has plot '820/1', not '820/0'"),
    ]
    assert len(answer["parcelIds"]) == 1
    assert [one["name"] for one in answer["lines"][1]["parcels"]] == ["820/1", "820/0"]


def test_the_parcels_that_were_found_are_the_land_of_an_area(server, asha, layer):
    found = match(asha, layer, "0/0\n0/1\n0/2").json
    asked = {"name": "Three plots", "layerId": layer, "layerVersionId": found["layerVersionId"]}
    estimate = asha.post("/api/area-configs/estimate", asked | {"parcelIds": found["parcelIds"]})
    assert estimate.status == 200, estimate.content
    area = asha.post("/api/area-configs", asked | {"parcelIds": found["parcelIds"]}).json
    assert area["areaM2"] == pytest.approx(3 * 45 * 45, rel=0.01)
    assert area["hasShape"]
    whole = asha.post("/api/area-configs", {"name": "All", "layerId": layer}).json
    assert whole["areaM2"] == pytest.approx(12 * 45 * 45, rel=0.01)
    assert len(whole["watched"]["coordinates"]) == 1, "plots that adjoin are one land"
    wide = asha.post("/api/area-configs", {"name": "Wide", "layerId": layer, "bufferM": 10}).json
    assert wide["areaM2"] > whole["areaM2"] + 2 * 10 * (180 + 135) - 100
    add_version(server.engine, layer, [a_parcel("new", plot(0, 0, 20, 20))], number=2)
    later = asha.post("/api/area-configs", asked | {"parcelIds": found["parcelIds"]}).json
    assert later["areaM2"] == area["areaM2"], "an older version's parcels are what they were"


def test_land_of_a_layer_that_is_not_there_or_is_said_twice_is_refused(server, asha, badri, layer):
    with server.engine.connect() as connection:
        one = connection.execute(select(t.parcels.c.id).limit(1)).scalar()
    asked = {"name": "Plots", "layerId": layer}
    for body in (asked, asked | {"parcelIds": [one]}):
        assert badri.post("/api/area-configs", body).status == 404
    assert asha.post("/api/area-configs", asked | {"parcelIds": [one, 999_999]}).status == 404
    assert asha.post("/api/area-configs", asked | {"layerVersionId": 999_999}).status == 404
    refused_at(asha.post("/api/area-configs", SMALL_AREA | asked), "/centerLat", "other land than parcels of a layer")
    refused_at(asha.post("/api/area-configs", SMALL_AREA | {"parcelIds": [one]}), "/parcelIds", "by its layer")
    refused_at(asha.post("/api/area-configs", asked | {"bufferM": 1e6}), "/bufferM", "10000 metres")
    assert asha.get("/api/area-configs").json == []


def test_land_of_more_corners_than_there_is_memory_for_is_refused_with_the_number(server, asha, layer, monkeypatch):
    monkeypatch.setattr(parcels, "MOST_GROUND_MB", 0)
    with server.engine.connect() as connection:
        one = connection.execute(select(t.parcels.c.id).limit(1)).scalar()
    asked = {"name": "Plots", "layerId": layer}
    for body in (asked, asked | {"parcelIds": [one]}):
        refused_at(asha.post("/api/area-configs", body), "/layerId", "take 1 MB; at most 0 are watched as one area")


def test_a_layer_is_called_something_else_and_its_alerts_keep_what_it_was_called(server, asha, badri):
    layer = add_layer(server.engine, user_id(asha), [a_parcel("820/1", around())], accuracy_m=5.0)
    asha.trip()
    before = asha.get(f"/api/layers/{layer}").json
    for _ in range(2):  # what it is called already as well
        renamed = asha.call("PATCH", f"/api/layers/{layer}", {"name": " Plots of 2026 "})
        assert (renamed.status, renamed.json) == (200, before | {"name": "Plots of 2026"}), renamed.content
    assert asha.get(f"/api/layers/{layer}").json == renamed.json
    session = asha.get("/api/alerts/sessions").json[0]
    (alert,) = asha.get(f"/api/alerts/sessions/{session['id']}/details").json["alert_details"]
    assert alert["parcels"][0]["layerName"] == "Plots"
    for name in (" ", None, "x" * 201, 7):
        refused_at(asha.call("PATCH", f"/api/layers/{layer}", {"name": name}), "/name", "")
    assert badri.call("PATCH", f"/api/layers/{layer}", {"name": "Mine"}).status == 404
    assert asha.call("DELETE", f"/api/layers/{layer}").status == 204
    assert deeds_on_layers(server.engine) == [
        ("layer changed", user_id(asha), f"layer {layer}: name"),
        ("layer deleted", user_id(asha), f"layer {layer}"),
    ]


def deeds_on_layers(engine):
    entry = t.audit_entries
    query = select(entry.c.deed, entry.c.user_id, entry.c.about).where(entry.c.about.like("layer %"))
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(entry.c.number))]
