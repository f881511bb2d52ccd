import cv2
import numpy as np
import pytest

from chalicelib.vision.changes import detect
from chalicelib.vision.local_registration import bent, estimate_field
from chalicelib.vision.registration import edge_strength
from tests.support.builders.land import house, land

GSD_M = 1.0


def field(side: int, most_px: float, seed: int, nodes: int = 4) -> np.ndarray:
    small = np.random.default_rng(seed).uniform(-1, 1, (nodes, nodes, 2)).astype(np.float32)
    large = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    return large * (most_px / np.abs(large).max())


def edges(image: np.ndarray) -> np.ndarray:
    return edge_strength(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32))


def bent_image(image: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.rint(bent(image.astype(np.float32), by)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_an_image_that_is_bent_is_no_change(seed):
    before = land(320, seed=seed)
    after = bent_image(before, field(320, 4, seed))
    assert not detect(before, after, GSD_M).any()
    assert not detect(after, before, GSD_M).any()


@pytest.mark.parametrize("seed", range(4))
def test_the_field_is_found_to_half_a_pixel(seed):
    image, by = land(320, seed=seed), field(320, 4, seed)
    found = estimate_field(edges(image), edges(bent_image(image, by)), np.ones((320, 320), np.bool_))
    # bent_image fetches from x + by: its ground lies by that much the other way, to first order
    assert float(np.abs(found + by)[40:-40, 40:-40].mean()) < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_a_field_of_six_waves_is_found_too(seed):
    image, by = land(320, seed=seed), field(320, 4, seed, nodes=7)
    after = bent_image(image, by)
    found = estimate_field(edges(image), edges(after), np.ones((320, 320), np.bool_))
    assert float(np.abs(found + by)[40:-40, 40:-40].mean()) < 0.5
    assert not detect(image, after, GSD_M).any()


def test_a_house_on_a_bent_image_is_found():
    before = land(320)
    after = bent_image(house(before, 140, 200), field(320, 4, 1))
    mask = detect(before, after, GSD_M) > 0
    assert mask[194:226, 134:172].any()
    mask[170:250, 110:200] = False
    assert not mask.any()


def test_two_places_that_have_nothing_in_common_are_left_alone():
    usable = np.ones((256, 256), np.bool_)
    assert estimate_field(edges(land(256, seed=1)), edges(land(256, seed=2)), usable) is None
    flat = np.zeros((256, 256), np.float32)
    assert estimate_field(flat, flat, usable) is None
    assert estimate_field(flat[:64], flat[:64], usable[:64]) is None


def test_a_pair_that_fits_is_not_bent():
    image = edges(land(256, seed=1))
    assert estimate_field(image, image, np.ones((256, 256), np.bool_)) is None


@pytest.mark.parametrize("seed", range(4))
def test_images_that_no_field_could_bring_closer_are_not_bent(seed):
    image = land(320, seed=seed)
    noisy = np.clip(image + np.random.default_rng(seed).normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    everywhere = np.ones((320, 320), np.bool_)
    assert estimate_field(edges(image), edges(image), everywhere) is None
    assert estimate_field(edges(image), edges(noisy), everywhere) is None
