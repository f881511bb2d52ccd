"""The contract's client, call by call: what it sends, and what it must get."""

import pytest

from tests.support.api_server import SMALL_AREA, WEEK_S
from tests.support.contract_members import AREA, DETAIL, SESSION, TILE, USER, assert_shape


def test_registering_and_signing_in(server):
    new = {"email": "asha@example.org", "password": "secret-1", "profile": None}
    answer = server.call("POST", "/api/auth/register", new)
    assert answer.status == 201
    assert_shape(answer.json["user"], USER)
    assert answer.json["message"]

    again = server.call("POST", "/api/auth/register", new | {"email": " ASHA@example.org"})
    assert (again.status, again.is_problem) == (409, True)

    answer = server.call("POST", "/api/auth/login", {"email": "asha@example.org", "password": "secret-1"})
    assert answer.status == 200
    assert answer.json["message"]
    assert answer.json["access_token"]
    assert answer.json["refresh_token"]
    assert_shape(answer.json["user"], USER)

    wrong = server.call("POST", "/api/auth/login", {"email": "asha@example.org", "password": "secret-2"})
    assert (wrong.status, wrong.is_problem) == (401, True)


@pytest.mark.parametrize("slash", ["", "/"])
def test_areas(asha, slash):
    sent = SMALL_AREA | {"id": None, "createdAt": "1999-01-01T00:00:00.000"}
    answer = asha.post(f"/api/area-configs{slash}", sent | {"northKm": 1, "eastKm": 1})
    assert answer.status == 201
    area = answer.json
    assert_shape(area, AREA)
    assert (area["northKm"], area["southKm"], area["name"]) == (1, 0.05, "Lake shore")
    assert area["createdAt"].startswith("2026-11-22T06:00:00")
    assert area["tiles"] >= 4
    assert area["provider"] == "sample"
    assert area["attribution"] == "(c) Test"
    assert area["minChangedAreaM2"] == 25
    assert 0.29 < area["gsdM"] < 0.30

    assert asha.get(f"/api/area-configs{slash}").json == [area]
    assert asha.get(f"/api/area-configs/{area['id']}{slash}").json == area
    missing = asha.get(f"/api/area-configs/{area['id'] + 1}{slash}")
    assert (missing.status, missing.is_problem) == (404, True)


@pytest.mark.parametrize("slash", ["", "/"])
def test_supervise_now(server, asha, slash):
    area_id = asha.area()["id"]
    assert asha.get(f"/api/monitor/image-tiles/area/{area_id}{slash}").json == []

    tapped = asha.post(f"/api/monitor/capture/{area_id}{slash}")
    assert tapped.status == 200
    assert tapped.json["message"]
    again = asha.post(f"/api/monitor/capture/{area_id}{slash}")
    assert (again.status, again.json["session"]["id"]) == (200, tapped.json["session"]["id"])

    server.work(changed_m2=900)
    compared = asha.post(f"/api/monitor/compare/{area_id}{slash}")
    assert (compared.status, compared.json["session"]["id"]) == (200, tapped.json["session"]["id"])
    assert compared.json["message"] == "comparison completed"

    tiles = asha.get(f"/api/monitor/image-tiles/area/{area_id}{slash}").json
    assert tiles
    for tile in tiles:
        assert_shape(tile, TILE)
        assert (tile["status"], tile["changeDetected"]) == ("CAPTURED", None)


@pytest.mark.parametrize("slash", ["", "/"])
def test_sessions_and_their_details(asha, slash):
    area = asha.trip(changed_m2=900)
    newest, oldest = asha.get(f"/api/alerts/sessions{slash}").json
    for session in (newest, oldest):
        assert_shape(session, SESSION)
        assert session["areaConfigId"] == area["id"]
    assert (oldest["status"], oldest["totalChangesDetected"]) == ("COMPLETED_NO_CHANGES", 0)
    assert newest["status"] == "COMPLETED_CHANGES_DETECTED"
    assert newest["totalChangesDetected"] == newest["countsByVerdict"]["CHANGED"] == newest["tilesDone"]
    assert newest["failures"] == []

    assert asha.get(f"/api/alerts/sessions/{newest['id']}{slash}").json == newest
    details = asha.get(f"/api/alerts/sessions/{newest['id']}/details{slash}").json
    alerts = details.pop("alert_details")
    assert details == newest
    assert len(alerts) == newest["totalChangesDetected"]
    for alert in alerts:
        assert_shape(alert, DETAIL)
        assert_shape(alert["current_tile_info"], TILE)
        assert alert["current_tile_info"]["status"] == "CHANGED"
        assert alert["current_tile_info"]["imagePath"] == alert["currentImagePath"]
        assert alert["changeLog"]["changed"] is True
        assert isinstance(alert["changeLog"]["change_percent"], float)
        assert alert["changeLog"]["message"]
        assert alert["severity"] == alert["changeLog"]["severity"] == newest["severity"] == "high"
        assert [region["severity"] for region in alert["changeLog"]["regions"]] == ["high"]
    assert oldest["severity"] is None


def test_what_was_seen_and_ignored_is_listed_with_its_reason(asha):
    area = asha.trip(changed_m2=24)
    newest = asha.get("/api/alerts/sessions").json[0]
    assert (newest["status"], newest["severity"]) == ("COMPLETED_NO_CHANGES", None)
    seen = asha.get(f"/api/alerts/sessions/{newest['id']}/ignored").json
    assert len(seen) == newest["tilesDone"]
    for tile in seen:
        assert tile["verdict"] == "NO_CHANGE"
        assert tile["current_tile_info"]["areaConfigId"] == area["id"]
        assert tile["currentImagePath"] == tile["current_tile_info"]["imagePath"] != tile["previousImagePath"]
        (region,) = tile["regions"]
        assert (region["reason"], region["area_m2"], region["outline"]["type"]) == ("below size", 24, "Polygon")
    first = asha.get("/api/alerts/sessions").json[-1]
    none = asha.get(f"/api/alerts/sessions/{first['id']}/ignored")
    assert (none.json, none.headers["X-Total-Count"]) == ([], "0")


def test_an_area_is_made_and_changed_with_its_sensitivity(asha):
    area = asha.post("/api/area-configs", SMALL_AREA | {"sensitivity": "high"}).json
    assert area["sensitivity"] == "high"
    changed = asha.call("PATCH", f"/api/area-configs/{area['id']}", {"sensitivity": "low"})
    assert (changed.status, changed.json) == (200, area | {"sensitivity": "low", "version": 2})
    assert asha.get("/api/area-configs").json == [changed.json]
    wrong = asha.call("PATCH", f"/api/area-configs/{area['id']}", {"sensitivity": "loud"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (400, "/sensitivity")
    assert "low, normal, high" in wrong.json["message"]
    assert asha.call("PATCH", f"/api/area-configs/{area['id']}", {}).status == 400
    moved = asha.call("PATCH", f"/api/area-configs/{area['id']}", {"sensitivity": "high", "provider": "xyz"})
    assert (moved.status, moved.json["errors"][0]["pointer"]) == (400, "/provider")
    assert asha.get("/api/area-configs").json == [changed.json], "all of it or nothing"


def loaded(server, image_path, **options):
    """Load an image as the client does: it takes what follows `captured_images/`, and adds no header at all."""
    return server.call("GET", "/static_images/" + image_path.split("captured_images/")[1], **options)


def test_images_load_without_credentials_or_accept(server, asha):
    asha.trip()
    session_id = asha.get("/api/alerts/sessions").json[0]["id"]
    alert = asha.get(f"/api/alerts/sessions/{session_id}/details").json["alert_details"][0]
    contents = []
    for name in ("previousImagePath", "currentImagePath", "maskImagePath", "overlayImagePath"):
        for accept in ({}, {"accept": "*/*"}, {"accept": "image/avif,image/webp"}, {"accept": "text/html"}):
            answer = loaded(server, alert[name], headers=accept)
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "image/png"
            assert "immutable" in answer.headers["Cache-Control"]
        contents.append(answer.content)
    assert len(set(contents)) == 4


def test_a_listing_gives_the_same_links_all_through_an_hour(server, asha):
    area = asha.trip()
    listing = f"/api/monitor/image-tiles/area/{area['id']}"
    first = asha.get(listing).json
    server.later(minutes=59)
    assert asha.get(listing).json == first
    server.later(minutes=2)
    assert asha.get(listing).json != first


def test_a_link_ends(server, asha):
    area = asha.trip()
    path = asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json[0]["imagePath"]
    server.later(seconds=WEEK_S)
    assert loaded(server, path).status == 200
    server.later(hours=1, seconds=1)
    late = loaded(server, path)
    assert (late.status, late.is_problem) == (403, True)


def test_a_link_opens_nothing_but_its_own_object(server, asha):
    area = asha.trip()
    one, other, *_ = (
        tile["imagePath"].split("captured_images/")[1]
        for tile in asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json
    )
    key, query = one.split("?")
    expires, signature = (part.split("=")[1] for part in query.split("&"))
    forged = {
        "another object": f"{other.split('?')[0]}?{query}",
        "no query": key,
        "no signature": f"{key}?expires={expires}",
        "no expiry": f"{key}?signature={signature}",
        "a later expiry": f"{key}?expires={int(expires) + 3600}&signature={signature}",
        "an endless expiry": f"{key}?expires=999999999999&signature={signature}",
        "a worded expiry": f"{key}?expires=never&signature={signature}",
        "another signature": f"{key}?expires={expires}&signature={'0' * 64}",
        "an upper-case signature": f"{key}?expires={expires}&signature={signature.upper()}",
        "half a signature": f"{key}?expires={expires}&signature={signature[:32]}",
        "a signature in another script": f"{key}?expires={expires}&signature=%D9%A3",
        "a longer name": f"{key}x?{query}",
        "a way up": f"{area['id']}/..%2f..%2fetc%2fpasswd?{query}",
    }
    for what, link in forged.items():
        answer = server.call("GET", f"/static_images/{link}")
        assert (answer.status, answer.is_problem) == (403, True), what
    assert server.call("GET", f"/static_images/{key}?{query}&expires={expires}").status == 400
    assert server.call("GET", f"/static_images/somebody/{key.split('/')[1]}?{query}").status == 404


def test_a_signed_link_to_what_is_gone_is_not_found(server, asha):
    area = asha.trip()
    path = asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json[0]["imagePath"]
    server.images.contents.clear()
    answer = loaded(server, path)
    assert (answer.status, answer.is_problem) == (404, True)


def test_a_store_with_links_of_its_own_is_redirected_to(server, asha):
    area = asha.trip()
    path = asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json[0]["imagePath"]
    server.images.link = lambda key, expires_s: f"https://bucket.example/{key}?until={expires_s}"
    answer = loaded(server, path)
    assert (answer.status, answer.content) == (302, b"")
    assert answer.headers["Location"].startswith("https://bucket.example/")
    assert answer.headers["Cache-Control"] == "no-store"
