"""What changed between two images with bands: the ground's reflectance, and not sun, air, season or a small shift."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.bands import MEASURED
from chalicelib.vision.band_change import detect
from tests.support.builders.band_land import MEADOW, PLANTS, ROOF, SOIL, WATER, fields, painted, seen

SIDE = 160
BOX = (70, 60, 12, 10)  # 120 x 100 m


def found(before, after, **how):
    images = ({name: np.float32(each[..., at]) for at, name in enumerate(MEASURED)} for each in (before, after))
    return detect(*images, 10.0, **how) > 0


def pair(was, now, *, shift=0.0, **air):
    """Two passes over fields, of which a square was one material and is another."""
    before, after = painted(fields(SIDE), BOX, was), painted(fields(SIDE), BOX, now)
    after = cv2.warpAffine(after, np.float32([[1, 0, shift], [0, 1, 0]]), (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    return seen(before, seed=2), seen(after, seed=3, **air)


def is_in_box(mask):
    left, top, width, height = BOX
    inside = np.zeros_like(mask)
    inside[top - 4 : top + height + 4, left - 4 : left + width + 4] = True
    return bool(mask[top : top + height, left : left + width].mean() > 0.5 and not mask[~inside].any())


@pytest.mark.parametrize(("was", "now"), [(PLANTS, ROOF), (MEADOW, ROOF), (SOIL, ROOF), (WATER, SOIL), (PLANTS, WATER)])
@pytest.mark.parametrize("air", [{}, {"gain": 0.8, "haze": 0.03}])
def test_what_is_built_or_filled_is_found_under_another_sun(was, now, air):
    before, after = pair(was, now, **air)
    assert is_in_box(found(before, after))
    assert is_in_box(found(after, before))


@pytest.mark.parametrize("air", [{}, {"gain": 0.7}, {"gain": 1.3, "haze": 0.05}, {"noise": 0.008}, {"shift": 0.9}])
def test_the_same_ground_is_not(air):
    assert not found(*pair(MEADOW, MEADOW, **air)).any()


def test_copies_of_one_image_are_the_same():
    before = seen(fields(SIDE), seed=2)
    assert not found(before, before).any()


def test_plants_that_turned_everywhere_are_the_season():
    before = fields(SIDE)
    plants = np.abs(before[..., 3] / before[..., 2] - 10.5) < 6
    after = np.where(plants[..., None], before * 0.4 + 0.6 * np.array(SOIL, np.float32), before)
    assert found(seen(before, seed=2), seen(after, seed=3)).mean() < 0.02


def test_a_change_that_only_infrared_shows_is_found_and_true_colour_alone_does_not_show_it():
    now = (*MEADOW[:3], 0.05, 0.05, 0.04)
    before, after = pair(MEADOW, now)
    assert is_in_box(found(before, after))
    visible = ({name: np.float32(each[..., at]) for at, name in enumerate(MEASURED[:3])} for each in (before, after))
    assert not detect(*visible, 10.0).any()


def test_what_one_of_the_two_does_not_measure_is_not_changed():
    before, after = pair(MEADOW, ROOF)
    after[40:100, 40:100] = 0
    assert not found(before, after).any()


def test_one_pixel_is_noise():
    ground = fields(SIDE)
    assert not found(seen(ground, seed=2), seen(painted(ground, (80, 80, 1, 1), ROOF), seed=3)).any()


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (40, 40)])
def test_small_and_empty_images_are_no_error(shape):
    one = {name: np.full(shape, 0.1, np.float32) for name in MEASURED}
    nothing = {name: np.zeros(shape, np.float32) for name in MEASURED}
    for before, after in ((one, one), (one, nothing), (nothing, nothing)):
        mask = detect(before, after, 10.0)
        assert (mask.shape, mask.any()) == (shape, False)


def test_the_images_are_left_as_they_are():
    before, after = pair(MEADOW, ROOF)
    copies = before.copy(), after.copy()
    found(before, after)
    assert np.array_equal(before, copies[0])
    assert np.array_equal(after, copies[1])
