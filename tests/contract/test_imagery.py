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
from chalicelib.domain.errors import ImageryFailed, ProviderUnavailable
from chalicelib.domain.scenes import SINCE, Grid, Scene
from chalicelib.domain.tiles import Bounds, View, tiles_covering
from tests.support.builders.archives import noise, put, square
from tests.support.builders.google_provider import provider as provider_on
from tests.support.builders.scenes import newest, search
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.standins.google import GoogleStandIn, an_error

AREA = square(28.6, 77.2, width_px=700, height_px=500, gsd_m=0.5).bounds
SMALL = Grid(zoom=19, tile_px=256, margin_px=32)  # the scale at which the land is rendered, in smaller tiles


class Provider(NamedTuple):
    """A provider with imagery of AREA; the same again, as another process would make it; and how to break it."""

    imagery: Imagery
    again: Imagery
    break_it: Callable[[], object]
    missing: Scene | None = None  # a scene that it does not have, of what cannot break


@contextmanager
def archive(folder: Path) -> Iterator[Provider]:
    put(folder, "before", AREA, pixels=noise(700, 500), taken="2023-05-01T10:30:00Z")
    put(folder, "after", AREA, pixels=noise(700, 500, seed=2), taken="2024-05-01T10:30:00Z")

    def break_it():
        for file in folder.iterdir():
            file.unlink()

    yield Provider(ArchiveImagery(TERMS, folder), ArchiveImagery(TERMS, folder), break_it)


@contextmanager
def google_static(_: Path) -> Iterator[Provider]:
    with GoogleStandIn() as server:
        one, other = (provider_on(server) for _ in range(2))
        yield Provider(one, other, lambda: server.script(an_error(403)))


@contextmanager
def scripted(_: Path) -> Iterator[Provider]:
    one, other = (ScriptedImagery().show("after", datetime(2024, 5, 1, tzinfo=UTC)) for _ in range(2))
    yield Provider(one, other, lambda: one.fail(None, ProviderUnavailable("the provider is away")))


@contextmanager
def sample(_: Path) -> Iterator[Provider]:
    one, other = (SampleImagery(SAMPLE_TERMS, SMALL, today=lambda: date(2024, 5, 1)) for _ in range(2))
    yield Provider(one, other, lambda: None, missing=Scene(scene_id="sample-yesterday", captured_at=None))


PROVIDERS = [archive, google_static, sample, scripted]


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.__name__)
def provider(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


def views(grid: Grid, area: Bounds = AREA) -> list[View]:
    return [grid.view(tile) for tile in tiles_covering(area, grid.zoom)]


def pixels_of(content: bytes):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_grid_is_the_same_each_time_and_has_a_margin_of_one_eighth(provider):
    grid = provider.imagery.grid(AREA)
    assert grid == provider.again.grid(AREA)
    assert grid.margin_px * 8 == grid.tile_px
    assert len(views(grid)) < 100


def test_a_fetched_picture_has_exactly_the_views_size_and_shows_ground(provider):
    imagery = provider.imagery
    for view in views(imagery.grid(AREA)):
        picture = imagery.fetch(newest(imagery, view, AREA), view, AREA)
        pixels = pixels_of(picture.content)
        assert pixels.dtype == np.uint8
        assert pixels.shape[:2] == (view.size_px, view.size_px)
        assert pixels.shape[2] == 3 or pixels[:, :, 3].any()


def test_the_same_scene_and_view_give_the_same_bytes_in_any_process(provider):
    view = views(provider.imagery.grid(AREA))[0]
    scene = newest(provider.imagery, view, AREA)
    assert scene == newest(provider.again, view, AREA)
    first = provider.imagery.fetch(scene, view, AREA)
    assert first == provider.imagery.fetch(scene, view, AREA)
    assert first == provider.again.fetch(scene, view, AREA)


def test_other_ground_gives_other_bytes(provider):
    imagery = provider.imagery
    pictures = [
        imagery.fetch(newest(imagery, view, AREA), view, AREA).content for view in views(imagery.grid(AREA))[:2]
    ]
    assert len(set(pictures)) == 2


def test_a_picture_is_of_the_scene_that_was_asked_for_and_says_whose_it_is(provider):
    view = views(provider.imagery.grid(AREA))[0]
    scene = newest(provider.imagery, view, AREA)
    picture = provider.imagery.fetch(scene, view, AREA)
    assert picture.scene == scene
    assert picture.attribution.strip()


def test_a_dated_provider_says_when_in_utc_and_an_undated_one_says_nothing(provider):
    view = views(provider.imagery.grid(AREA))[0]
    scene = newest(provider.imagery, view, AREA)
    if provider.imagery.terms.is_dated:
        assert scene.scene_id
        assert scene.captured_at.utcoffset().total_seconds() == 0
    else:
        assert (scene.scene_id, scene.captured_at) == ("", None)


def test_scenes_are_found_newest_first_and_each_time_the_same(provider):
    found = search(provider.imagery, AREA)
    assert found == search(provider.again, AREA)
    assert found.scenes
    times = [scene.captured_at for scene in found.scenes if scene.captured_at]
    assert times == sorted(times, reverse=True)


def test_a_dated_provider_finds_nothing_outside_of_the_time_that_is_asked_for(provider):
    if provider.imagery.terms.is_dated:
        first = search(provider.imagery, AREA).scenes[0].captured_at
        early = provider.imagery.scenes(AREA, since=SINCE, until=first - timedelta(seconds=1))
        assert first not in {scene.captured_at for scene in early.scenes}
        late = provider.imagery.scenes(AREA, since=first + timedelta(seconds=1), until=first + timedelta(days=1))
        assert late.scenes == ()


def test_the_terms_are_complete(provider):
    terms = provider.imagery.terms
    assert terms.name
    assert terms.licence.name
    assert terms.licence.attribution
    assert terms.licence.may_store
    assert terms.licence.may_analyse
    assert terms.cost_per_request_usd >= 0


def test_a_failure_has_a_name_and_a_sentence(provider):
    view = views(provider.imagery.grid(AREA))[0]
    scene = newest(provider.imagery, view, AREA)
    provider.break_it()
    with pytest.raises(ImageryFailed) as failure:
        provider.imagery.fetch(provider.missing or scene, view, AREA)
    assert len(failure.value.reason) > 15
