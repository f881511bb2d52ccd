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
