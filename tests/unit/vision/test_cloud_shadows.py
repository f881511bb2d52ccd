import cv2
import numpy as np
import pytest

from chalicelib.vision.changes import detect
from chalicelib.vision.cloud_shadows import relit
from tests.support.builders.land import house, land

GSD_M = 0.6


def blob(shape: tuple[int, int], row: int, column: int, radius: int, rim_px: float) -> np.ndarray:
    mask = cv2.circle(np.zeros(shape, np.float32), (column, row), radius, 1.0, -1)
    return cv2.GaussianBlur(mask, (0, 0), rim_px) if rim_px else mask


def shaded(image: np.ndarray, mask: np.ndarray, left: float = 0.5) -> np.ndarray:
    tint = left * np.array([1.08, 1.0, 0.94])
    return np.clip(np.rint(image * (1 + mask[..., None] * (tint - 1))), 0, 255).astype(np.uint8)


def seen(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return image.astype(np.float32), np.ones(image.shape[:2], np.bool_)


@pytest.mark.parametrize("rim_px", [0, 3, 8])
@pytest.mark.parametrize("left", [0.45, 0.7])
def test_the_shadow_of_a_cloud_is_no_change(rim_px, left):
    before = land()
    after = shaded(before, blob(before.shape[:2], 180, 200, 70, rim_px), left)
    assert not detect(before, after, GSD_M).any()
    assert not detect(after, before, GSD_M).any()


def test_ground_in_a_shadow_looks_as_it_does_in_the_light():
    image, usable = seen(land())
    mask = blob(image.shape[:2], 180, 200, 70, 3)
    dark = shaded(image, mask).astype(np.float32)
    one, two = relit(image, dark, usable)
    assert one is image
    off, was_off = (float(np.median(np.abs(each - image)[mask > 0.5])) for each in (two, dark))
    assert off < 0.12 * was_off
    assert float(np.abs(two - image)[mask == 0].mean()) < 1


def test_a_house_in_the_shadow_of_a_cloud_is_found():
    before = land()
    after = shaded(house(before, 190, 170), blob(before.shape[:2], 180, 200, 70, 3), 0.6)
    mask = detect(before, after, GSD_M) > 0
    assert mask[170:188, 190:214].mean() > 0.5
    mask[150:210, 170:240] = False
    assert not mask.any()


def test_a_field_that_was_ploughed_is_not_lit():
    image, usable = seen(land())
    ploughed = image.copy()
    rows = 12 * np.sin(np.arange(100) * 1.3)[:, None, None]
    ploughed[120:220, 120:240] = 60 + rows + np.random.default_rng(3).normal(0, 5, (100, 120, 1))
    one, two = relit(image, ploughed, usable)
    assert one is image
    assert two is ploughed


def test_what_cannot_be_seen_is_left_alone():
    image, usable = seen(land())
    dark = image / 2
    one, two = relit(image, dark, ~usable)
    assert one is image
    assert two is dark


def test_a_small_shadow_is_told_by_the_large_one_of_its_day():
    before = land()
    small, large = (blob(before.shape[:2], *where, 3) for where in ((60, 60, 11), (180, 200, 70)))
    alone, _ = relit(*(image.astype(np.float32) for image in (shaded(before, small), before)), small >= 0)
    beside, _ = relit(*(image.astype(np.float32) for image in (shaded(before, small + large), before)), small >= 0)
    off = [float(np.abs(image - before)[small > 0.5].mean()) for image in (alone, beside)]
    assert off[1] < 0.3 * off[0]


def with_a_dark_wood(image: np.ndarray) -> np.ndarray:
    trees = cv2.GaussianBlur(np.random.default_rng(6).normal(0, 20, (90, 120)), (0, 0), 1.5)
    image = image.copy()
    image[20:110, 30:150] = np.clip(np.array([35, 48, 38]) + trees[..., None] * 2, 4, 255)
    return image


@pytest.mark.parametrize("rim_px", [0, 3, 8])
def test_a_large_shadow_in_one_image_shades_nothing_in_the_other(rim_px):
    image, usable = seen(with_a_dark_wood(land()))
    dark = shaded(image, blob(image.shape[:2], 190, 200, 95, rim_px)).astype(np.float32)
    for one, two in (relit(image, dark, usable), relit(dark, image, usable)[::-1]):
        assert np.array_equal(one, image)
        assert float(np.abs(two - image).mean()) < 0.25 * float(np.abs(dark - image).mean())


def on_bare_ground(tint: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An image with bare ground, the same with a cloud's shadow, and a spot of a tint on the ground; and the spot."""
    before = land()
    ground = np.array([95, 120, 150]) + np.random.default_rng(5).normal(0, 0.6, (100, 140, 1))
    before[40:140, 20:160] = np.rint(ground)
    spot = blob(before.shape[:2], 90, 90, 14, 0)
    after = shaded(before, blob(before.shape[:2], 230, 220, 70, 0))
    after = np.clip(np.rint(after * (1 + spot[..., None] * (0.5 * np.array(tint) - 1))), 0, 255).astype(np.uint8)
    return before, after, spot > 0.5


def test_a_small_shadow_on_ground_without_a_pattern_is_told_by_its_depth_and_colour():
    before, after, spot = on_bare_ground((1.08, 1.0, 0.94))
    one, two = relit(*(image.astype(np.float32) for image in (before, after)), np.ones(spot.shape, np.bool_))
    assert np.array_equal(one, before)
    assert float(np.abs(two - before)[spot].mean()) < 8


def test_a_dark_spot_of_another_colour_is_no_shadow_beside_one():
    before, after, spot = on_bare_ground((1.3, 1.0, 0.7))
    assert (detect(before, after, GSD_M) > 0)[spot].mean() > 0.8


def test_a_shallower_shadow_is_told_by_the_deep_one_of_its_day():
    before = land()
    thin, large = blob(before.shape[:2], 60, 60, 11, 3), blob(before.shape[:2], 180, 200, 70, 3)
    grain = np.random.default_rng(2).normal(0, 5, before.shape) * thin[..., None]  # it leaves half of the pattern
    after = shaded(shaded(before, thin, 0.65) + grain, large, 0.45)
    _, two = relit(*(image.astype(np.float32) for image in (before, after)), thin >= 0)
    off, was_off = (abs(float((image - before)[thin > 0.5].mean())) for image in (two, after.astype(np.float32)))
    assert off < 0.4 * was_off
