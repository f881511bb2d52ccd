"""Bands as they are stored: one PNG, and what is refused in its place."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.bands import LAYERS
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.bands import check, each_pixel, pack, unpack

VIEW = View(tile=Tile(13, 5755, 3653), tile_px=64, margin_px=8)
COUNT = len(LAYERS)


def layers(side=80):
    return np.random.default_rng(1).integers(0, 65_536, (COUNT, side, side)).astype(np.uint16)


def png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize("side", [80, 40, 10])
def test_what_is_packed_is_unpacked(side):
    assert np.array_equal(check(pack(layers(side)), VIEW), layers(side))
    assert np.array_equal(unpack(pack(layers(side)), VIEW), layers(side))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"not a picture at all", "not an image"),
        (png(np.zeros((COUNT * 80, 80), np.uint8)), "no PNG of greys of 16 bits"),
        (png(np.zeros((COUNT * 80, 80, 3), np.uint16)), "no PNG of greys of 16 bits"),
        (png(np.zeros(((COUNT - 1) * 80, 80), np.uint16)), "not 7 layers"),
        (png(np.zeros((COUNT * 79, 79), np.uint16)), "not 7 layers of a 80x80 view"),
        (pack(layers())[:-2000], "PNG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2 * COUNT * 80**2 + 65_536), "at most"),
    ],
    ids=["empty", "text", "8 bits", "colours", "a layer less", "no fraction", "cut off", "too large"],
)
def test_what_are_no_bands_is_a_bad_image(content, says):
    with pytest.raises(BadImage, match=says):
        check(content, VIEW)


def test_a_png_whose_rows_are_missing_is_a_bad_image():
    """OpenCV would take them for black, and black bands say that nothing was measured."""
    whole, half = pack(layers()), pack(layers()[: COUNT // 2])
    begin = whole.index(b"IHDR") - 4
    lying = whole[: begin + 25] + half[begin + 25 :]
    with pytest.raises(BadImage):
        check(lying, VIEW)


def test_a_mask_of_layers_covers_the_same_ground_of_the_view():
    mask = np.zeros((40, 40), bool)
    mask[1, 2] = True
    found = each_pixel(mask, VIEW)
    assert found.shape == (80, 80)
    assert list(zip(*np.nonzero(found), strict=True)) == [(2, 4), (2, 5), (3, 4), (3, 5)]
