"""The no-data mask."""

import numpy as np

from chalicelib.vision.masks import scene_mask
from chalicelib.vision.pixels import to_pixels


def beside_nothing(*, transparent: bool) -> np.ndarray:
    """Dark ground of twelve columns, and nothing beside it: transparent, or black."""
    image = np.full((64, 64, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(2).integers(6, 14, (64, 64, 3))
    image[:, 12:, :3] = 0
    if transparent:
        image[:, 12:, 3] = 0
    return image


def test_a_dark_strip_beside_transparent_ground_is_seen():
    seen = scene_mask(to_pixels(beside_nothing(transparent=True)))
    assert seen[:, :12].all()
    assert not seen[:, 12:].any()


def test_a_dark_strip_beside_black_may_be_what_a_jpeg_made_of_its_rim():
    assert not scene_mask(to_pixels(beside_nothing(transparent=False))).any()
