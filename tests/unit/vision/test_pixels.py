"""From bytes to pixels and back, and which pixels are whose ground: small images whose every pixel is known."""

import numpy as np
import pytest

from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.vision.pixels import area_window, decode_stored, encode_png, ground_mask, header_of, to_pixels
from tests.support.builders.land import EVERYWHERE, png, tile_ground

VIEW = View(tile=Tile(18, 193_576, 115_950), tile_px=16, margin_px=4)  # 24 px; its own ground is pixel 4 to 19
BGR = np.random.default_rng(1).integers(0, 256, (24, 24, 3)).astype(np.uint8)


def ground(left, top, right, bottom):
    """Give the box from one position in the image to another."""
    west, north = VIEW.lonlat(left, top)
    east, south = VIEW.lonlat(right, bottom)
    return Bounds(west, south, east, north)


def test_a_png_comes_back_bit_by_bit():
    pixels = decode_stored(encode_png(BGR), VIEW)
    assert np.array_equal(pixels.bgr, BGR)
    assert pixels.valid.all()


def test_what_alpha_hides_is_not_valid():
    alpha = np.full((24, 24), 255, np.uint8)
    alpha[:, :10], alpha[0, 23] = 0, 1
    pixels = decode_stored(png(np.dstack([BGR, alpha])), VIEW)
    assert np.array_equal(pixels.valid, alpha > 0)
    assert np.array_equal(pixels.bgr[:, 10:], BGR[:, 10:])


@pytest.mark.parametrize(
    ("array", "colour", "is_valid"),
    [
        (np.uint8([[7]]), [7, 7, 7], True),
        (np.uint8([[[7, 0]]]), [7, 7, 7], False),  # grey and alpha
        (np.uint8([[[1, 2, 3]]]), [1, 2, 3], True),
        (np.uint8([[[1, 2, 3, 255]]]), [1, 2, 3], True),
        (np.uint16([[[257, 10_240, 65_535]]]), [1, 39, 255], True),
        (np.float32([[[-5, 99.9, 300]]]), [0, 99, 255], True),
        (np.float32([[[1, np.nan, 3]]]), [1, 0, 3], False),
        (np.float32([[[np.inf, 2, 3]]]), [255, 2, 3], False),
    ],
)
def test_any_channels_and_depth_become_three_of_eight_bits(array, colour, is_valid):
    pixels = to_pixels(array)
    assert (pixels.bgr.tolist(), pixels.valid.tolist()) == ([[colour]], [[is_valid]])
    assert (pixels.bgr.dtype, pixels.valid.dtype) == (np.uint8, np.bool_)


def test_an_image_of_another_size_is_refused_before_it_is_decoded():
    with pytest.raises(BadImage, match="a picture of 24x12 px, not 24x24"):
        header_of(png(BGR[:12]), VIEW)


@pytest.mark.parametrize(
    ("area", "rows", "columns"),
    [
        (EVERYWHERE, (4, 20), (4, 20)),
        (ground(6.4, 8.6, 12.4, 10.4), (9, 10), (6, 12)),  # the pixels whose centre lies within
        (ground(6.6, 8.4, 12.6, 10.6), (8, 11), (7, 13)),
        (ground(0, 0, 10, 24), (4, 20), (4, 10)),
        (ground(9.7, 9.6, 9.8, 9.7), (9, 10), (9, 10)),  # thinner than a pixel
        (ground(0, 0, 3, 3), (4, 4), (4, 4)),  # in the margin alone
        (ground(22.2, 22.2, 22.3, 22.3), (20, 20), (20, 20)),
    ],
)
def test_the_window_of_an_area_has_the_pixels_whose_centre_lies_in_it(area, rows, columns):
    assert area_window(VIEW, area, margin=False) == (slice(*rows), slice(*columns))


def test_with_its_margin_the_window_is_as_large_as_the_image():
    assert area_window(VIEW, EVERYWHERE, margin=True) == (slice(0, 24), slice(0, 24))
    assert area_window(VIEW, ground(0, 0, 3, 3), margin=True) == (slice(0, 3), slice(0, 3))


def test_the_ground_is_the_tiles_own_inside_the_area():
    mask = ground_mask(VIEW, ground(0, 0, 10, 24))
    assert (mask[4:20, 4:10].all(), mask.sum()) == (True, 16 * 6)
    assert ground_mask(VIEW, tile_ground(VIEW)).sum() == 16 * 16


def test_an_area_that_misses_the_tile_leaves_the_whole_tile():
    mask = ground_mask(VIEW, ground(30, 30, 40, 40))
    assert (mask[4:20, 4:20].all(), mask.sum()) == (True, 16 * 16)
