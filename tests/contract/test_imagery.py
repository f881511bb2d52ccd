"""What the trip may expect of every provider of imagery, real or fake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.providers.sample import TERMS as SAMPLE_TERMS
from chalicelib.adapters.imagery.sample import SampleImagery
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.bands import CLASS, LAYERS, NO_DATA, VISIBLE
from chalicelib.domain.errors import ImageryFailed, LicenceRefused, ProviderUnavailable
from chalicelib.domain.scenes import SINCE, Grid, Scene
from chalicelib.domain.tiles import Bounds, View, tiles_covering
from chalicelib.intake.bands import check, each_pixel, pack
from tests.support.builders import map_services, sentinel2
from tests.support.builders.archives import noise, put, square
from tests.support.builders.catalogues import imagery as catalogues
from tests.support.builders.google_provider import provider as provider_on
from tests.support.builders.products import product_of
from tests.support.builders.scenes import newest, search
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.standins.google import GoogleStandIn, an_error
from tests.support.standins.map_services import MapService, TileServer, an_exception
from tests.support.standins.stac import StacServer

AREA = square(28.6, 77.2, width_px=700, height_px=500, gsd_m=0.5).bounds
SMALL = Grid(zoom=19, tile_px=256, margin_px=32)  # the scale at which the land is rendered, in smaller tiles


class Provider(NamedTuple):
    """A provider with imagery of AREA; the same again, as another process would make it; and how to break it."""

    imagery: Imagery
    again: Imagery
    break_it: Callable[[], object]
    missing: Scene | None = None  # a scene that it does not have, of what cannot break
    area: Bounds = AREA
    shows_bands: bool = False  # as what it has was measured by a sensor of more than three colours


@contextmanager
def archive(folder: Path) -> Iterator[Provider]:
    put(folder, "before", AREA, pixels=noise(700, 500), taken="2023-05-01T10:30:00Z")
    put(folder, "after", AREA, pixels=noise(700, 500, seed=2), taken="2024-05-01T10:30:00Z")

    def break_it():
        for file in folder.iterdir():
            file.unlink()

    yield Provider(ArchiveImagery(TERMS, folder), ArchiveImagery(TERMS, folder), break_it)


@contextmanager
def bands(folder: Path) -> Iterator[Provider]:
    """An archive whose scenes are bands, one of them with classes; its ground is another one."""
    for name, year in (("before", 2023), ("after", 2024)):
        scl = sentinel2.classes() if name == "after" else None
        sentinel2.put(folder, name, taken=f"{year}-05-01T10:30:00Z", scl=scl)

    def break_it():
        for file in folder.glob("*/*"):
            file.unlink()

    yield Provider(
        ArchiveImagery(TERMS, folder), ArchiveImagery(TERMS, folder), break_it, area=sentinel2.GROUND, shows_bands=True
    )


@contextmanager
def sentinel2_of_catalogues(folder: Path) -> Iterator[Provider]:
    """The same scenes by a catalogue's search, over HTTP."""
    made = []
    for name, year in (("before", 2023), ("after", 2024)):
        sentinel2.put(folder, name, taken=f"{year}-05-01T10:30:00Z", scl=sentinel2.classes())
        made.append(product_of(folder / name, taken=f"{year}-05-01T10:30:00Z", tile="45QUD"))
    with StacServer(*made) as server:

        def break_it():
            for file in folder.glob("*/*.tif"):
                file.unlink()

        yield Provider(catalogues(server), catalogues(server), break_it, area=sentinel2.GROUND, shows_bands=True)


@contextmanager
def google_static(_: Path) -> Iterator[Provider]:
    with GoogleStandIn() as server:
        one, other = (provider_on(server) for _ in range(2))
        yield Provider(one, other, lambda: server.script(an_error(403)))


@contextmanager
def xyz(_: Path) -> Iterator[Provider]:
    with TileServer() as server:
        url = server.template.replace("ortho", "{date}")
        one, other = (map_services.xyz(server, url=url, dates="2023-05-01,2024-05-01") for _ in range(2))
        yield Provider(one, other, lambda: server.script(*[an_error(403)] * 40))


@contextmanager
def xyz_undated(_: Path) -> Iterator[Provider]:
    with TileServer(512, is_tms=True) as server:
        one, other = (map_services.xyz(server) for _ in range(2))
        yield Provider(one, other, lambda: server.script(*[an_error(400)] * 40))


@contextmanager
def wms(_: Path) -> Iterator[Provider]:
    with MapService(days=("2023-05-01", "2024-05-01")) as server:
        said = {"dates": "2023-05-01,2024-05-01", "date_parameter": "TIME"}
        one, other = (map_services.wms(server, **said) for _ in range(2))
        yield Provider(one, other, lambda: server.script(an_exception("LayerNotDefined", "it was taken away")))


@contextmanager
def wms_undated(_: Path) -> Iterator[Provider]:
    with MapService() as server:
        one, other = (map_services.wms(server) for _ in range(2))
        yield Provider(one, other, lambda: server.script(an_error(403)))


@contextmanager
def scripted(_: Path) -> Iterator[Provider]:
    def measured(view: View) -> bytes:
        return pack(np.full((len(LAYERS), view.size_px, view.size_px), view.tile.x % 1000 + 1, np.uint16))

    day = datetime(2024, 5, 1, tzinfo=UTC)
    one, other = (ScriptedImagery().show("after", day, bands_of=measured) for _ in range(2))
    away = ProviderUnavailable("the provider is away")
    yield Provider(one, other, lambda: one.fail(None, away), shows_bands=True)


@contextmanager
def sample(_: Path) -> Iterator[Provider]:
    one, other = (SampleImagery(SAMPLE_TERMS, SMALL, today=lambda: date(2024, 5, 1)) for _ in range(2))
    yield Provider(one, other, lambda: None, missing=Scene(scene_id="sample-yesterday", captured_at=None))


PROVIDERS = [
    archive,
    bands,
    google_static,
    sample,
    scripted,
    sentinel2_of_catalogues,
    wms,
    wms_undated,
    xyz,
    xyz_undated,
]


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.__name__)
def provider(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


def views(grid: Grid, area: Bounds) -> list[View]:
    return [grid.view(tile) for tile in tiles_covering(area, grid.zoom)]


def pixels_of(content: bytes):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_grid_is_the_same_each_time_and_has_a_margin_of_one_eighth(provider):
    grid = provider.imagery.grid(provider.area)
    assert grid == provider.again.grid(provider.area)
    assert grid.margin_px * 8 == grid.tile_px
    assert len(views(grid, provider.area)) < 100


def test_a_fetched_picture_has_exactly_the_views_size_and_shows_ground(provider):
    imagery = provider.imagery
    for view in views(imagery.grid(provider.area), provider.area):
        picture = imagery.fetch(newest(imagery, view, provider.area), view, provider.area)
        pixels = pixels_of(picture.content)
        assert pixels.dtype == np.uint8
        assert pixels.shape[:2] == (view.size_px, view.size_px)
        assert pixels.shape[2] == 3 or pixels[:, :, 3].any()


def test_the_same_scene_and_view_give_the_same_bytes_in_any_process(provider):
    view = views(provider.imagery.grid(provider.area), provider.area)[0]
    scene = newest(provider.imagery, view, provider.area)
    assert scene == newest(provider.again, view, provider.area)
    first = provider.imagery.fetch(scene, view, provider.area)
    assert first == provider.imagery.fetch(scene, view, provider.area)
    assert first == provider.again.fetch(scene, view, provider.area)


def test_its_history_has_what_a_search_finds_and_any_of_it_can_be_fetched(provider):
    imagery, view = provider.imagery, views(provider.imagery.grid(provider.area), provider.area)[0]
    until = datetime(2026, 1, 1, tzinfo=UTC)
    found, all_of_it = (
        imagery.scenes(provider.area, since=SINCE, until=until),
        imagery.history(provider.area, until=until),
    )
    assert set(found.scenes) <= set(all_of_it.scenes)
    assert all(scene.captured_at is None or scene.captured_at <= until for scene in all_of_it.scenes)
    assert (imagery.terms.is_dated) == all(scene.captured_at is not None for scene in all_of_it.scenes)
    assert imagery.fetch(all_of_it.scenes[-1], view, provider.area).content


def test_other_ground_gives_other_bytes(provider):
    imagery = provider.imagery
    asked = views(imagery.grid(provider.area), provider.area)[:2]
    pictures = [imagery.fetch(newest(imagery, view, provider.area), view, provider.area).content for view in asked]
    assert len(set(pictures)) == 2


def test_a_picture_is_of_the_scene_that_was_asked_for_and_says_whose_it_is(provider):
    view = views(provider.imagery.grid(provider.area), provider.area)[0]
    scene = newest(provider.imagery, view, provider.area)
    picture = provider.imagery.fetch(scene, view, provider.area)
    assert picture.scene == scene
    assert picture.attribution.strip()


def test_a_dated_provider_says_when_in_utc_and_an_undated_one_says_nothing(provider):
    view = views(provider.imagery.grid(provider.area), provider.area)[0]
    scene = newest(provider.imagery, view, provider.area)
    if provider.imagery.terms.is_dated:
        assert scene.scene_id
        assert scene.captured_at.utcoffset().total_seconds() == 0
    else:
        assert (scene.scene_id, scene.captured_at) == ("", None)


def test_scenes_are_found_newest_first_and_each_time_the_same(provider):
    found = search(provider.imagery, provider.area)
    assert found == search(provider.again, provider.area)
    assert found.scenes
    times = [scene.captured_at for scene in found.scenes if scene.captured_at]
    assert times == sorted(times, reverse=True)


def test_a_dated_provider_finds_nothing_outside_of_the_time_that_is_asked_for(provider):
    if provider.imagery.terms.is_dated:
        first = search(provider.imagery, provider.area).scenes[0].captured_at
        early = provider.imagery.scenes(provider.area, since=SINCE, until=first - timedelta(seconds=1))
        assert first not in {scene.captured_at for scene in early.scenes}
        late = provider.imagery.scenes(
            provider.area, since=first + timedelta(seconds=1), until=first + timedelta(days=1)
        )
        assert late.scenes == ()


def test_bands_are_seven_layers_of_whole_pixels_of_the_view_and_show_what_the_image_shows(provider):
    imagery = provider.imagery
    view = views(imagery.grid(provider.area), provider.area)[0]
    picture = imagery.fetch(newest(imagery, view, provider.area), view, provider.area)
    assert (picture.bands is not None) == provider.shows_bands, "neither left out, nor made up of three colours"
    assert imagery.terms.has_bands or picture.bands is None
    if picture.bands is None:
        return
    layers = check(picture.bands, view)
    visible = each_pixel((layers[[LAYERS.index(name) for name in VISIBLE]] != NO_DATA).all(axis=0), view)
    pixels = pixels_of(picture.content)
    shown = pixels[:, :, 3] == 255 if pixels.shape[2] == 4 else np.ones(visible.shape, bool)
    assert np.array_equal(visible, shown)
    assert layers[LAYERS.index(CLASS)].max() <= 11 or imagery.terms.name == "scripted"


def test_an_undated_image_is_never_said_to_be_of_a_day_and_shows_all_of_its_ground(provider):
    imagery = provider.imagery
    if imagery.terms.is_dated:
        return
    (scene,) = search(imagery, provider.area).scenes
    for view in views(imagery.grid(provider.area), provider.area):
        picture = imagery.fetch(scene, view, provider.area)
        assert (picture.scene.captured_at, picture.scene.items) == (None, ())
        assert picture.scene.shown_share(view.bounds, slack=(0, 0)) == 1


def test_without_the_right_to_store_and_analyse_nothing_is_asked(tmp_path):
    with GoogleStandIn() as server:
        imagery = provider_on(server, permission=" ")
        assert not imagery.terms.licence.permits_watching
        view = views(SMALL, AREA)[0]
        for asked in (
            lambda: imagery.grid(AREA),
            lambda: search(imagery, AREA),
            lambda: imagery.fetch(Scene(scene_id="", captured_at=None), view, AREA),
        ):
            with pytest.raises(LicenceRefused, match="permission"):
                asked()
        assert server.requests == []


def test_the_terms_are_complete(provider):
    terms = provider.imagery.terms
    assert terms.name
    assert terms.licence.name
    assert terms.licence.attribution
    assert terms.licence.may_store
    assert terms.licence.may_analyse
    assert terms.cost_per_request_usd >= 0


def test_a_failure_has_a_name_and_a_sentence(provider):
    view = views(provider.imagery.grid(provider.area), provider.area)[0]
    scene = newest(provider.imagery, view, provider.area)
    provider.break_it()
    with pytest.raises(ImageryFailed) as failure:
        provider.imagery.fetch(provider.missing or scene, view, provider.area)
    assert len(failure.value.reason) > 15
