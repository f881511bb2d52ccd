"""Is this the land that is meant, and would anything of it ever be seen? Asked before it is kept."""

import pytest

from chalicelib.domain.budgets import Spending
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import Found, Grid, Refused
from tests.support.api_gateway import assert_refused
from tests.support.api_server import SMALL_AREA

PATHS = ("/api/area-configs", "/api/area-configs/estimate")
EXCHANGED = [(77.5946, 12.9716), (77.1, 28.6), (85.0, 20.3), (-68.3, -16.5), (72.8, -19.0)]
MEANT = [(12.9716, 77.5946), (28.6, 77.1), (69.65, 68.9), (-16.5, -68.3), (0, 0), (64.1, -21.9)]


def at(latitude, longitude, **more):
    return SMALL_AREA | {"centerLat": latitude, "centerLon": longitude} | more


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("place", EXCHANGED)
def test_a_place_that_looks_exchanged_is_asked_about_before_it_is_kept(asha, path, place):
    answer = asha.post(path, at(*place))
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == "/centerLat"
    assert "exchanged it would be latitude" in answer.json["message"]
    assert asha.get("/api/area-configs").json == []
    assert asha.post(path, at(*place, isPlaceConfirmed=True)).status in (200, 201)


@pytest.mark.parametrize("place", MEANT)
def test_other_places_are_taken_at_their_word(asha, place):
    assert asha.post("/api/area-configs", at(*place)).status == 201


@pytest.mark.parametrize("latitude", [86, 89.9, 91, 120.5, -97.7])
def test_a_latitude_that_cannot_be_is_asked_about_too(asha, latitude):
    answer = asha.post("/api/area-configs", at(latitude, 20.3))
    assert_refused(answer)
    assert answer.json["message"].endswith("are latitude and longitude exchanged?")


def test_a_place_far_from_all_that_somebody_watches_and_near_it_when_exchanged_is_asked_about(asha, badri):
    assert asha.post("/api/area-configs", at(-1.29, 36.82)).status == 201
    away = asha.post("/api/area-configs", at(36.8, -1.3))
    assert_refused(away)
    assert "far from everything that you watch" in away.json["message"]
    assert badri.post("/api/area-configs", at(36.8, -1.3)).status == 201, "who watches nothing there is not asked"
    assert asha.post("/api/area-configs", at(48.1, 11.6)).status == 201, "nor who goes somewhere else"


def test_where_a_provider_has_pictures_of_the_exchanged_place_alone_that_is_said(asha, server, monkeypatch):
    def grid(area):
        if area.north > 20:
            raise NoCoverage("the archive has no picture of any of this area")
        return Grid(zoom=17, tile_px=1024, margin_px=128)

    monkeypatch.setattr(server.ports.imagery("sample"), "grid", grid)
    answer = asha.post("/api/area-configs", at(36.8, -1.3))
    assert_refused(answer)
    assert answer.json["message"].endswith("exchanged, at latitude -1.3, longitude 36.8, there is some: which is it?")
    neither = asha.post("/api/area-configs", at(36.8, 31.0))
    assert_refused(neither)
    assert "exchanged" not in neither.json["message"]


def test_where_there_is_no_usable_picture_it_is_said_why_those_that_are_there_cannot_be_used(asha, server, monkeypatch):
    def grid(area):
        raise NoCoverage("the archive has no picture of any of this area; it holds 0 usable items, and 4 that cannot")

    def scenes(area, *, since, until):
        reasons = ("its picture is a TIFF", "its picture is a TIFF", "proj:code must be EPSG:3857", "a third")
        return Found(scenes=(), refused=tuple(Refused(since, area, f"it cannot be used: {why}") for why in reasons))

    monkeypatch.setattr(server.ports.imagery("sample"), "grid", grid)
    monkeypatch.setattr(server.ports.imagery("sample"), "scenes", scenes)
    answer = asha.post("/api/area-configs", SMALL_AREA)
    assert_refused(answer)
    assert answer.json["message"].endswith(
        "and 4 that cannot; it cannot be used: its picture is a TIFF; it cannot be used: proj:code must be EPSG:3857"
    )


@pytest.mark.parametrize("path", PATHS)
def test_an_area_smaller_than_what_it_alerts_on_is_refused_with_the_numbers(asha, path):
    tiny = SMALL_AREA | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.01)
    answer = asha.post(path, tiny | {"minChangedAreaM2": 500})
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == "/minChangedAreaM2"
    assert "this area has 400 m2, and only a change of 500 m2 or more" in answer.json["message"]
    assert asha.post(path, tiny | {"minChangedAreaM2": 400}).status in (200, 201)
    speck = SMALL_AREA | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.002)
    assert_refused(asha.post(path, speck))


@pytest.mark.parametrize("path", PATHS)
def test_an_area_larger_than_a_days_tiles_is_refused_with_the_number(server_with, path):
    asha = server_with(tiles_per_day=8).user()
    answer = asha.post(path, SMALL_AREA | {"northKm": 1, "southKm": 1, "eastKm": 1, "westKm": 1})
    assert_refused(answer)
    assert "tiles at zoom 17 each time, and you have 8 a day: it would never be looked at" in answer.json["message"]


def test_whom_the_operator_allows_larger_areas_has_them_and_nobody_else(server_with):
    server = server_with(max_tiles=4, tiles_per_day=4)
    asha, badri = server.user(), server.user("badri@example.org")
    wide = SMALL_AREA | {"northKm": 1, "southKm": 1, "eastKm": 1, "westKm": 1}
    assert asha.post("/api/area-configs", wide).status == 400
    for limit in (Spending.AREA_TILES, Spending.TILES):
        server.ports.ledger.set_budgets("asha@example.org", {limit: 200}, now=server.ports.clock())
    area = asha.post("/api/area-configs", wide)
    assert area.status == 201, area.content
    moved = asha.call("PATCH", f"/api/area-configs/{area.json['id']}", wide | {"northKm": 1.2})
    assert moved.status == 200, moved.content
    assert badri.post("/api/area-configs", wide).status == 400
