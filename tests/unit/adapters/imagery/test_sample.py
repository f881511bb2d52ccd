"""The rendered landscape: the same ground always looks the same, and changes only where its script says so."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from itertools import pairwise

import cv2
import numpy as np
import pytest

from chalicelib.adapters.imagery.providers.sample import GRID, TERMS
from chalicelib.adapters.imagery.sample import SampleImagery
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tiles import Tile, View, bounds_of, tiles_covering
from landscape import (
    DEMO_CENTER_LAT,
    DEMO_CENTER_LON,
    DEMO_DATES,
    DEMO_REACH_KM,
    SCRIPT,
    changes_between,
    light,
    render,
    truth,
    without_light,
)
from landscape.weather import weather_of
from landscape.world import block_at
from tests.support.builders.scenes import newest

EXTENT = Extent(
    center_lat=DEMO_CENTER_LAT,
    center_lon=DEMO_CENTER_LON,
    north_km=DEMO_REACH_KM,
    south_km=DEMO_REACH_KM,
    east_km=DEMO_REACH_KM,
    west_km=DEMO_REACH_KM,
)
AREA = EXTENT.bounds
TILES = list(tiles_covering(AREA, 17))
QUIET = TILES[5]
CLAIMS_M2 = {
    "house on a seam": 13 * 9,
    "shed": 30 * 16,
    "tiled house": 12 * 9,
    "concrete yard": 26 * 19,
    "extension": 8 * 6,
    "store": 14 * 8,
    "hut": 6.5 * 5,
    "homestead": 22 * 17,
    "house pulled down": 12 * 9,
    "hall": 40 * 18,
    "poultry shed": 60 * 12,
    "small hut": 5.2 * 4.2,
}


def sample(day: date = DEMO_DATES[0]) -> SampleImagery:
    return SampleImagery(TERMS, GRID, today=lambda: day)


def small(tile: Tile, size_px: int = 256) -> View:
    """The north-west corner of a z17 tile, at the landscape's scale."""
    factor = 1024 // size_px
    zoom = tile.z + int(math.log2(factor))
    return View(tile=Tile(zoom, tile.x * factor, tile.y * factor), tile_px=size_px, margin_px=0)


def test_it_has_one_scene_a_day_and_terms_that_let_it_be_stored() -> None:
    imagery = sample(date(2025, 3, 10))
    view = imagery.grid(AREA).view(TILES[0])
    assert newest(imagery, view, AREA) == Scene(
        scene_id="sample-2025-03-10", captured_at=datetime(2025, 3, 10, 5, 30, tzinfo=UTC)
    )
    assert imagery.grid(AREA) == GRID
    terms = imagery.terms
    assert (terms.name, terms.is_dated, terms.sends_placeholders, terms.cost_per_request_usd) == (
        "sample",
        True,
        False,
        0.0,
    )
    assert terms.licence.may_store
    assert terms.licence.may_analyse


def test_a_picture_is_a_colour_png_of_exactly_the_view_s_size() -> None:
    imagery, view = sample(), GRID.view(TILES[0])
    got = imagery.fetch(newest(imagery, view, AREA), view, AREA)
    image = cv2.imdecode(np.frombuffer(got.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape == (1280, 1280, 3)
    assert image.dtype == np.uint8
    assert got.scene == newest(imagery, view, AREA)
    assert got.attribution


def test_a_scene_s_picture_is_the_same_bytes_again_whatever_was_rendered_in_between() -> None:
    imagery, view = sample(), small(TILES[0])
    scene = newest(imagery, view, AREA)
    first = imagery.fetch(scene, view, AREA)
    other = imagery.fetch(Scene(scene_id="sample-2025-06-02", captured_at=None), small(TILES[8]), AREA)
    assert other.content != first.content
    block_at.cache_clear()
    assert imagery.fetch(scene, view, AREA).content == first.content


@pytest.mark.parametrize("scene_id", ["", "sample-yesterday", "S2A_2025"])
def test_a_scene_that_is_not_its_own_is_not_covered(scene_id: str) -> None:
    with pytest.raises(NoCoverage):
        sample().fetch(Scene(scene_id=scene_id, captured_at=None), small(TILES[0]), AREA)


def test_another_scale_is_refused() -> None:
    imagery, view = sample(), View(tile=Tile(17, 5, 5), tile_px=256, margin_px=0)
    with pytest.raises(NoCoverage, match="drawn at zoom 17 with 1024 pixels a tile"):
        imagery.fetch(newest(imagery, view, AREA), view, AREA)


@pytest.mark.parametrize(("east", "south"), [(1, 0), (0, 1)])
def test_a_tile_s_margin_shows_the_ground_of_its_neighbour(east: int, south: int) -> None:
    here = small(TILES[0]).tile
    pair = [here, Tile(here.z, here.x + east, here.y + south)]
    views = [View(tile=tile, tile_px=256, margin_px=64) for tile in pair]
    one, two = (cv2.GaussianBlur(render(view, DEMO_DATES[1]), (0, 0), 2).astype(int) for view in views)
    if south:
        one, two = one.transpose(1, 0, 2), two.transpose(1, 0, 2)
    ours, theirs = one[:, 256:], two[:, :128]
    apart = np.abs(ours - theirs)[8:-8, 8:-8]  # the blur of this test has edges
    assert apart.mean() < 1.0
    assert np.percentile(apart, 99.9) < 6
    assert np.abs(ours[:, 4:] - theirs[:, :-4]).mean() > 2 * apart.mean()


@pytest.mark.parametrize("tile", [Tile(17, 0, 40_000), Tile(17, 131_071, 80_000), Tile(17, 69_000, 38_000)])
def test_any_place_on_earth_has_texture(tile: Tile) -> None:
    image = render(small(tile), date(2024, 2, 29))
    assert image.shape == (256, 256, 3)
    assert image.std() > 4
    assert 20 < image.mean() < 220


def test_nine_tiles_cover_the_demo_area_and_all_of_the_script_lies_in_it() -> None:
    assert len(TILES) == 9
    corners = [corner for change in SCRIPT for corner in change.lonlat]
    assert all(AREA.west < lon < AREA.east and AREA.south < lat < AREA.north for lon, lat in corners)


def test_the_script_is_as_long_and_as_spread_as_the_demo_needs() -> None:
    steps = [changes_between(*step) for step in pairwise(DEMO_DATES)]
    assert len(SCRIPT) >= 14
    assert len(steps[0]) >= 10
    assert all(steps)
    assert sum(len(step) for step in steps) == len(SCRIPT)
    touched = {
        tile for tile in TILES if truth(GRID.view(tile), DEMO_DATES[0], DEMO_DATES[-1])[128:-128, 128:-128].any()
    }
    assert len(touched) >= 7
    assert QUIET not in touched


@pytest.mark.parametrize("change", SCRIPT, ids=lambda change: change.name)
def test_a_change_is_as_large_as_it_says(change) -> None:
    lat0 = math.radians(DEMO_CENTER_LAT)
    x = np.radians([lon - DEMO_CENTER_LON for lon, _ in change.lonlat]) * math.cos(lat0) * 6_378_137
    y = np.radians([lat - DEMO_CENTER_LAT for _, lat in change.lonlat]) * 6_378_137
    on_the_globe = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert 20 <= change.area_m2 <= 5000
    assert change.area_m2 == pytest.approx(on_the_globe, rel=0.004)
    assert change.area_m2 == pytest.approx(CLAIMS_M2.get(change.name, change.area_m2), rel=1e-6)


def test_the_mask_of_the_truth_measures_what_the_script_says() -> None:
    masks = [truth(GRID.view(tile), *DEMO_DATES[:2])[128:-128, 128:-128] for tile in TILES]
    pixels = sum(int((mask > 0).sum()) for mask in masks)
    said = sum(change.area_m2 for change in changes_between(*DEMO_DATES[:2]))
    assert pixels * GRID.view(TILES[4]).gsd_m ** 2 == pytest.approx(said, rel=0.02)


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_land_changes_exactly_where_the_script_says(tile: Tile) -> None:
    view = View(tile=tile, tile_px=1024, margin_px=0)
    first, last = DEMO_DATES[0], DEMO_DATES[-1]
    differs = np.abs(without_light(view, last) - without_light(view, first)).max(axis=2) > 0
    said = truth(view, first, last) > 0
    near = cv2.dilate(said.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # a parapet's line is drawn a pixel wide
    assert not (differs & ~near).any()
    assert differs[said].mean() > 0.97 if said.any() else not differs.any()


def test_beyond_the_demo_area_the_land_never_changes() -> None:
    view = small(Tile(17, TILES[0].x - 40, TILES[0].y + 25))
    assert np.array_equal(without_light(view, date(2024, 1, 5)), without_light(view, date(2031, 8, 9)))


def test_a_change_stands_out_from_light_and_season() -> None:
    middle = TILES[4]
    view = View(tile=Tile(18, 2 * middle.x + 1, 2 * middle.y + 1), tile_px=512, margin_px=0)  # the cleared orchard
    before, after = (cv2.GaussianBlur(render(view, day), (0, 0), 3).astype(np.float32) for day in DEMO_DATES[:2])
    after = (after - after.mean((0, 1))) * (before.std((0, 1)) / after.std((0, 1))) + before.mean((0, 1))
    apart = np.abs(after - before).max(axis=2)
    said = truth(view, *DEMO_DATES[:2]) > 0
    assert np.median(apart[said]) > 2.5 * np.median(apart[~said])


def test_shadows_fall_away_from_the_sun_and_are_longer_when_it_is_low() -> None:
    heights = np.zeros((200, 200), np.float32)
    heights[96:104, 96:104] = 8.0
    reach = {}
    for day in DEMO_DATES:
        weather = weather_of(day)
        rows, columns = np.nonzero(light.shadow(heights, weather) > 0.5)
        away = np.array([columns.mean() - 99.5, rows.mean() - 99.5])
        sun = np.array([math.sin(weather.sun_azimuth), -math.cos(weather.sun_azimuth)])
        assert np.dot(away, sun) / np.hypot(*away) < -0.95
        reach[weather.sun_elevation] = float(np.hypot(*away))
    elevations = sorted(reach)
    assert reach[elevations[0]] == max(reach.values())
    assert reach[elevations[0]] > 1.5 * reach[elevations[-1]]
    assert elevations[-1] - elevations[0] > math.radians(15)


def test_no_two_of_the_demo_s_days_look_alike() -> None:
    days = [weather_of(day) for day in DEMO_DATES]
    for this, other in pairwise(days):
        assert abs(this.lushness - other.lushness) > 0.05
        assert this.haze != other.haze
        assert this.gain != other.gain
    assert all(math.hypot(*day.shift_px) <= 1 for day in days)


def test_the_place_of_a_tile_is_the_grid_s() -> None:
    middle = bounds_of(TILES[4])
    assert middle.west < DEMO_CENTER_LON < middle.east
    assert middle.south < DEMO_CENTER_LAT < middle.north
