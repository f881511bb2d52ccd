"""Clouds and bright roofs."""

import cv2
import numpy as np
import pytest

from chalicelib.vision.change_map import clear_mask
from chalicelib.vision.changes import detect
from chalicelib.vision.clouds import cloud_mask
from chalicelib.vision.pixels import to_pixels
from tests.support.builders.land import grained, land

GSD_M = 0.6
SIDE = 400


def ground() -> np.ndarray:
    return grained(land(SIDE, seed=8))


def cloud(image: np.ndarray, middle: tuple[int, int], size_m: float, *, softness_m: float = 3.0) -> np.ndarray:
    """Three lumps that thin out."""
    side = size_m / GSD_M
    cover = np.zeros(image.shape[:2], np.float32)
    for x, y, size in ((0, 0, 0.85), (0.2, 0.12, 0.6), (-0.22, 0.05, 0.55)):
        at = middle[0] + x * side, middle[1] + y * side
        cv2.ellipse(cover, (at, (size * side, 0.75 * size * side), 20.0), 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), softness_m / GSD_M)[..., None]
    light = 240 + np.random.default_rng(1).normal(0, 1.5, (*image.shape[:2], 1))
    return np.clip(image * (1 - cover) + light * cover, 0, 255).astype(np.uint8)


def hall(
    image: np.ndarray, middle: tuple[int, int], size_m: float, *, level: int = 240, turn: float = 20, noise: float = 1
) -> np.ndarray:
    side = size_m / GSD_M
    corners = cv2.boxPoints((middle, (side, 0.7 * side), turn))
    cover = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(cover, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    cover = cv2.GaussianBlur(cover, (0, 0), 0.7).astype(np.float32)[..., None] / 255
    roof = level + np.random.default_rng(2).normal(0, noise, image.shape)
    return np.clip(np.rint(image * (1 - cover) + roof * cover), 0, 255).astype(np.uint8)


def part(middle: tuple[int, int], size_m: float) -> tuple[slice, slice]:
    """The middle of what was drawn there."""
    reach = round(0.2 * size_m / GSD_M)
    return slice(middle[1] - reach, middle[1] + reach), slice(middle[0] - reach, middle[0] + reach)


@pytest.mark.parametrize("turn", [0, 20, 45])
@pytest.mark.parametrize("level", [252, 240, 200, 170])
@pytest.mark.parametrize("size_m", [40, 70, 120])
def test_a_new_hall_is_found(size_m, level, turn):
    before, middle = ground(), (200, 200)
    after = hall(before, middle, size_m, level=level, turn=turn, noise=1.5)
    assert clear_mask(to_pixels(after), GSD_M).all()
    assert (detect(before, after, GSD_M) > 0)[part(middle, size_m)].mean() > 0.5


@pytest.mark.parametrize("softness_m", [2, 4, 6])
@pytest.mark.parametrize("size_m", [40, 70, 120])
def test_a_cloud_is_unseen_and_no_change(size_m, softness_m):
    before, middle = ground(), (200, 200)
    after = cloud(before, middle, size_m, softness_m=softness_m)
    clear = clear_mask(to_pixels(after), GSD_M)
    assert not clear[part(middle, size_m)].any()
    assert clear[:40].all()
    assert not detect(before, after, GSD_M).any()


@pytest.mark.parametrize("size_m", [40, 60, 80])
def test_a_hall_beside_a_cloud_of_its_size_is_found_and_the_cloud_is_not(size_m):
    before, one, other = ground(), (105, 120), (290, 280)
    after = cloud(hall(before, one, size_m), other, size_m)
    marked = detect(before, after, GSD_M) > 0
    assert marked[part(one, size_m)].mean() > 0.5
    assert not marked[part(other, size_m)].any()
    assert not clear_mask(to_pixels(after), GSD_M)[part(other, size_m)].any()


def test_a_hall_that_was_there_is_clear_ground():
    image = hall(ground(), (200, 200), 80)
    assert not cloud_mask(image.astype(np.float32), np.ones((SIDE, SIDE), np.bool_)).any()


def test_a_roof_with_ribs_is_no_cloud_though_its_edge_is_blurred():
    image = ground().astype(np.float32)
    ribs = np.where(np.arange(SIDE) % 8 < 4, 235.0, 205.0)[None, :, None]
    cover = np.zeros((SIDE, SIDE), np.float32)
    cover[120:260, 130:290] = 1
    cover = cv2.GaussianBlur(cover, (0, 0), 4)[..., None]
    assert not cloud_mask(image * (1 - cover) + ribs * cover, np.ones((SIDE, SIDE), np.bool_)).any()


def test_a_cover_over_most_of_an_image_is_a_cloud_though_no_end_of_it_is_seen():
    image = ground()
    image[:, :300] = grained(np.full((SIDE, 300, 3), 236, np.uint8))
    assert not clear_mask(to_pixels(image), GSD_M)[:, :290].any()
