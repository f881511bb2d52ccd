import math

import numpy as np
import pytest

from chalicelib.adapters.imagery.warp import mosaic, warp
from chalicelib.domain.tiles import Bounds, Tile, View, grid_position
from chalicelib.intake.pixels import to_pixels
from tests.support.builders.archives import clear, decoded, noise

VIEW = View(tile=Tile(17, 93_600, 54_600), tile_px=512, margin_px=64)


def shown(pixels, bounds, view, *, is_lonlat):
    return mosaic(view, [warp(to_pixels(pixels), bounds, view, is_lonlat=is_lonlat)])[0]


def grown(view: View, by_px: float) -> Bounds:
    west, north = view.lonlat(-by_px, -by_px)
    east, south = view.lonlat(view.size_px + by_px, view.size_px + by_px)
    return Bounds(west, south, east, north)


def edge(size: int, at: int, axis: int):
    """A picture that is dark before the pixel `at` and bright from there on."""
    values = np.where(np.arange(size) < at, 50, 200).astype(np.uint8)
    grid = np.broadcast_to(values, (size, size)) if axis == 1 else np.broadcast_to(values[:, None], (size, size))
    return np.dstack([grid] * 3)


def test_a_picture_of_exactly_the_view_comes_out_as_it_went_in():
    pixels = noise(VIEW.size_px, VIEW.size_px)
    assert np.array_equal(decoded(shown(pixels, VIEW.bounds, VIEW, is_lonlat=False)), pixels)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("size", [40, 160, 640, 1280, 2560, 1900])
def test_each_pixel_shows_its_own_ground_however_the_picture_is_scaled(size, axis):
    at = size * 3 // 8
    out = decoded(shown(edge(size, at, axis), VIEW.bounds, VIEW, is_lonlat=False))[:, :, 0].astype(float)
    found = (200 - out.mean()) / 150 * VIEW.size_px  # what is dark, in pixels: the edge, far finer than a pixel
    assert found == pytest.approx(at / size * VIEW.size_px, abs=0.05)


def test_a_fine_checker_becomes_grey_and_not_a_pattern_when_the_picture_is_finer_than_the_view():
    checker = np.indices((VIEW.size_px * 2,) * 2).sum(axis=0) % 2 * 255
    pixels = np.dstack([checker.astype(np.uint8)] * 3)
    out = decoded(shown(pixels, VIEW.bounds, VIEW, is_lonlat=False))
    assert np.ptp(out) <= 2
    assert abs(float(out.mean()) - 127.5) < 1.5


def test_a_picture_in_degrees_is_bent_to_mercator():
    """At 60 degrees north a box of 2 degrees has its middle latitude 1.5 % of its height off its middle row."""
    view = View(tile=Tile(7, 64, 37), tile_px=512, margin_px=64)
    height = 1000
    bounds = view.bounds
    latitudes = bounds.north - (np.arange(height) + 0.5) / height * (bounds.north - bounds.south)
    shade = (latitudes - bounds.south) / (bounds.north - bounds.south) * 250
    pixels = np.dstack([np.broadcast_to(np.round(shade).astype(np.uint8)[:, None], (height, 50))] * 3).copy()

    out = decoded(shown(pixels, bounds, view, is_lonlat=True))[:, 100, 0].astype(float)

    truth = [
        (view.lonlat(0, row + 0.5)[1] - bounds.south) / (bounds.north - bounds.south) * 250
        for row in range(view.size_px)
    ]
    assert np.max(np.abs(out - truth)) < 1.5
    straight = decoded(shown(pixels, bounds, view, is_lonlat=False))[:, 100, 0].astype(float)
    assert np.max(np.abs(straight - truth)) > 2


def test_ground_outside_the_picture_is_transparent_and_only_that():
    west, north = VIEW.lonlat(100, 200)
    east, south = VIEW.lonlat(400, 300)
    out = clear(shown(noise(300, 100), Bounds(west, south, east, north), VIEW, is_lonlat=False))
    assert out[200:300, 100:400].all()
    out[199:301, 99:401] = False  # the rim of one pixel that bounds are rounded by
    assert not out.any()


def test_a_picture_elsewhere_leaves_the_view_transparent():
    away = Bounds(*(value + 1 for value in VIEW.bounds))
    content = shown(noise(30, 30), away, VIEW, is_lonlat=False)
    assert decoded(content).shape == (640, 640, 4)
    assert not clear(content).any()


def test_transparent_ground_of_the_picture_stays_transparent_and_bleeds_nowhere():
    pixels = np.full((640, 640, 4), 100, np.uint8)
    pixels[:, :, 3] = 255
    pixels[100:200, 100:200] = (255, 255, 255, 0)
    content = shown(pixels, grown(VIEW, 7.3), VIEW, is_lonlat=False)
    out = decoded(content)
    assert not clear(content)[110:190, 110:190].any()
    assert clear(content)[300:, 300:].all()
    assert set(np.unique(out[clear(content)][:, :3])) == {100}


def test_the_same_picture_and_view_give_the_same_bytes():
    pixels = noise(333, 222)
    assert shown(pixels, grown(VIEW, -50), VIEW, is_lonlat=False) == shown(
        pixels.copy(), grown(VIEW, -50), VIEW, is_lonlat=False
    )


def test_neighbouring_tiles_agree_on_the_ground_they_share():
    east = View(tile=Tile(17, VIEW.tile.x + 1, VIEW.tile.y), tile_px=512, margin_px=64)
    bounds = Bounds(VIEW.bounds.west, VIEW.bounds.south, east.bounds.east, VIEW.bounds.north)
    pixels = noise(2001, 1103)
    left, right = (decoded(shown(pixels, bounds, view, is_lonlat=False)) for view in (VIEW, east))
    difference = np.abs(left[:, 512:].astype(int) - right[:, :128].astype(int))
    assert difference.max() <= 2


def test_the_test_views_row_is_where_it_is_thought_to_be():
    lon, lat = VIEW.lonlat(64, 64)
    assert math.dist(grid_position(lon, lat, 17), (93_600, 54_600)) < 1e-6
