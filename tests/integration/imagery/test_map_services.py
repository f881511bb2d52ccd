"""A tile server and a WMS as providers: what is asked of them, and what of their answers is ground."""

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from chalicelib.domain.errors import LicenceRefused, NoCoverage
from chalicelib.domain.scenes import SINCE, Scene
from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.vision.gate import inspect
from tests.support.builders.map_services import AREA, VIEW, wms, xyz
from tests.support.builders.scenes import newest, search
from tests.support.standins.map_services import MapService, TileServer, card, clear, flat, view_ground

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pixels_of(picture):
    return cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_UNCHANGED)


def is_ground(picture, date=""):
    """Whether a picture shows the ground of the view, to the rounding of a level: its corner comes in decimals."""
    return int(cv2.absdiff(pixels_of(picture), view_ground(VIEW, date)).max()) <= 1


def shown(picture, view=VIEW):
    """Whether each pixel shows ground."""
    pixels = pixels_of(picture)
    return pixels[:, :, 3] == 255 if pixels.shape[2] == 4 else np.ones((view.size_px, view.size_px), bool)


def fetch(imagery, view=VIEW):
    return imagery.fetch(newest(imagery, view, AREA), view, AREA)


@pytest.mark.parametrize("is_tms", [False, True])
@pytest.mark.parametrize(("tile_px", "requests"), [(256, 36), (512, 16)])
def test_tiles_are_laid_together_to_exactly_the_view(tile_px, requests, is_tms):
    with TileServer(tile_px, is_tms=is_tms) as server:
        imagery = xyz(server, zoom="18" if tile_px == 256 else "17", cost_usd="0.001")
        assert imagery.grid(AREA).view(VIEW.tile) == VIEW
        assert np.array_equal(pixels_of(fetch(imagery)), view_ground(VIEW))
        assert len(server.requests) == len(set(server.asked)) == requests
        assert imagery.terms.cost_per_request_usd == pytest.approx(requests * 0.001)


def test_a_layer_is_asked_in_its_grids_own_system_and_shows_exactly_the_view():
    with MapService() as server:
        imagery = wms(server, gsd_m="0.6", style="natural")
        assert imagery.grid(AREA).view(VIEW.tile) == VIEW
        assert is_ground(fetch(imagery))
        (_, query) = server.requests[0]
    assert (query["VERSION"], query["CRS"], query["STYLES"], query["TRANSPARENT"]) == (
        "1.3.0",
        "EPSG:3857",
        "natural",
        "TRUE",
    )
    west, south, east, north = map(float, query["BBOX"].split(","))
    assert (west, south) == pytest.approx((8_589_000, 3_322_000), abs=20_000)  # east first, in metres
    assert east - west == pytest.approx(north - south)


def test_what_stands_in_the_services_own_address_is_asked_each_time():
    with MapService() as server:
        fetch(wms(server, url=server.url + "?map=/etc/ortho.map&"))
        assert server.requests[0][1]["map"] == "/etc/ortho.map"
    with TileServer() as server:
        fetch(xyz(server, url=server.template + "?key=abc"))
        assert {query["key"] for _, query in server.requests} == {"abc"}


@pytest.mark.parametrize("gone", [404, 410, 204, b"", flat(256), flat(256, 0), clear(256)])
def test_a_tile_that_is_missing_is_ground_that_is_not_shown(gone):
    with TileServer() as server:
        z, x, y = 18, VIEW.tile.x * 4 + 1, VIEW.tile.y * 4 + 2
        server.odd[z, x, y] = gone
        picture = fetch(xyz(server))
    left, top = 128 + 256, 128 + 512
    wanted = np.ones((1280, 1280), bool)
    wanted[top : top + 256, left : left + 256] = False
    assert np.array_equal(shown(picture), wanted)
    assert np.array_equal(pixels_of(picture)[..., :3][wanted], view_ground(VIEW)[wanted])
    inspection = inspect(picture.content, VIEW, AREA, xyz(server).terms)
    assert inspection.clear_share == pytest.approx(1 - 256**2 / 1024**2, abs=0.01)


def test_a_card_in_the_place_of_several_tiles_is_no_ground():
    with TileServer() as server:
        for y in range(2):
            server.odd[18, VIEW.tile.x * 4, VIEW.tile.y * 4 + y] = card(256)
        picture = fetch(xyz(server))
    assert not shown(picture)[128 : 128 + 512, 128 : 128 + 256].any()
    assert shown(picture).sum() == 1280**2 - 512 * 256


@pytest.mark.parametrize("every", [404, 204, flat(256), clear(256), card(256)])
def test_where_a_tile_server_shows_nothing_there_is_no_image(every):
    with TileServer() as server:
        server.every = every
        with pytest.raises(NoCoverage, match=r"there is no picture of tile 16/46820/27340: the tile server"):
            fetch(xyz(server))


@pytest.mark.parametrize("content", [b"", flat(1280), flat(1280, 0), clear(1280)])
def test_where_a_map_service_shows_nothing_there_is_no_image(content):
    with MapService() as server:
        server.script(lambda handler, _: handler.reply(200, "image/png", content))
        with pytest.raises(NoCoverage, match=r"there is no picture of tile 16/46820/27340: the map service"):
            fetch(wms(server))


def test_around_the_world_tiles_go_on_and_beyond_its_edge_there_are_none():
    corner = View(tile=Tile(16, 2**16 - 1, 0), tile_px=1024, margin_px=128)
    with TileServer() as server:
        picture = fetch(xyz(server), corner)
    assert (18, 0, 3) in server.asked
    assert min(y for _, _, y in server.asked) == 0
    assert not shown(picture)[:128].any()
    assert shown(picture)[128:].all()


def test_an_undated_service_has_one_scene_of_no_day():
    with TileServer() as tiles, MapService() as maps:
        for imagery in (xyz(tiles), wms(maps)):
            assert not imagery.terms.is_dated
            assert search(imagery, AREA).scenes == (Scene(scene_id="", captured_at=None),)


def test_a_dated_service_has_a_scene_of_each_of_its_days_as_it_calls_them():
    dates = "2023-02-03=2023, 2024-01-12 = winter/2024 "
    with TileServer() as tiles:
        imagery = xyz(tiles, url=tiles.template.replace("ortho", "{date}"), dates=dates)
        found = search(imagery, AREA).scenes
        assert [(scene.scene_id, str(scene.captured_at)) for scene in found] == [
            ("xyz-2024-01-12", "2024-01-12 00:00:00+00:00"),
            ("xyz-2023-02-03", "2023-02-03 00:00:00+00:00"),
        ]
        assert np.array_equal(pixels_of(imagery.fetch(found[1], VIEW, AREA)), view_ground(VIEW, "2023"))
        imagery.fetch(found[0], VIEW, AREA)
        assert "/winter%2F2024/" in tiles.requests[-1][0]
        early = imagery.scenes(AREA, since=SINCE, until=datetime(2023, 12, 1, tzinfo=UTC))
        assert early.scenes == found[1:]


def test_a_layer_takes_its_day_by_a_parameter_or_in_its_name():
    with MapService(days=("2023", "2024-01-12")) as maps:
        imagery = wms(maps, dates="2023-02-03=2023,2024-01-12", date_parameter="TIME")
        for scene, day in zip(search(imagery, AREA).scenes, ("2024-01-12", "2023"), strict=True):
            assert is_ground(imagery.fetch(scene, VIEW, AREA), day)
    with MapService(layer="ortho_2023") as maps:
        fetch(wms(maps, layer="ortho_{date}", dates="2023-02-03=2023"))
        assert "TIME" not in maps.requests[0][1]


def test_a_day_of_which_a_service_has_no_tiles_is_no_image():
    with TileServer() as tiles:
        tiles.every = 404
        imagery = xyz(tiles, url=tiles.template.replace("ortho", "{date}"), dates="2023-02-03")
        with pytest.raises(NoCoverage):
            fetch(imagery)


def test_another_address_makes_another_version_and_what_was_found_before_is_gone():
    with TileServer() as tiles:
        before, after = (xyz(tiles, url=f"{tiles.template}?v={version}", dates="2023-02-03") for version in (1, 2))
        (old,), (new,) = search(before, AREA).scenes, search(after, AREA).scenes
        assert (old.scene_id, old.captured_at) == (new.scene_id, new.captured_at)
        assert old.version != new.version
        with pytest.raises(NoCoverage, match=r"has no scene 'xyz-2023-02-03' .* any more"):
            after.fetch(old, VIEW, AREA)


@pytest.mark.parametrize(("store", "analyse", "forbids"), [("no", "yes", "storing"), ("yes", "no", "analysing")])
def test_a_licence_that_is_not_stated_to_allow_both_refuses_and_nothing_is_asked(store, analyse, forbids):
    with TileServer() as tiles, MapService() as maps:
        for server, imagery in (
            (tiles, xyz(tiles, may_store=store, may_analyse=analyse)),
            (maps, wms(maps, may_store=store, may_analyse=analyse)),
        ):
            assert not imagery.terms.licence.permits_watching
            for ask in (
                lambda: imagery.grid(AREA),
                lambda: search(imagery, AREA),
                lambda: fetch(imagery),
                imagery.check,
            ):
                with pytest.raises(LicenceRefused, match=rf"not stated to allow {forbids} its imagery.*_MAY_STORE"):
                    ask()
            assert server.requests == []


def test_a_picture_says_whose_it_is():
    with TileServer() as tiles, MapService() as maps:
        assert {fetch(each).attribution for each in (xyz(tiles), wms(maps))} == {"Survey of the state"}


@pytest.mark.parametrize(("gsd_m", "zoom"), [("0.1", 18), ("0.5", 16), ("10", 12)])
def test_a_layer_is_asked_about_as_finely_as_it_is(gsd_m, zoom):
    with MapService() as maps:
        assert wms(maps, gsd_m=gsd_m).grid(Bounds(77, 28, 77.1, 28.1)).zoom == zoom


def test_a_jpeg_is_asked_for_without_transparency_and_kept_as_it_comes():
    with MapService(form="image/jpeg") as maps:
        picture = fetch(wms(maps))
        assert maps.requests[0][1]["TRANSPARENT"] == "FALSE"
    assert picture.content.startswith(b"\xff\xd8")
    difference = cv2.absdiff(pixels_of(picture), view_ground(VIEW))
    assert float(difference.mean()) < 6
