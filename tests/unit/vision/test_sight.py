"""What of a picture shows ground."""

import numpy as np

from chalicelib.vision.pixels import split
from chalicelib.vision.sight import within_scene


def beside_nothing(*, transparent: bool) -> np.ndarray:
    """Dark ground of twelve columns, and nothing beside it: transparent, or black."""
    picture = np.full((64, 64, 4), 255, np.uint8)
    picture[..., :3] = np.random.default_rng(2).integers(6, 14, (64, 64, 3))
    picture[:, 12:, :3] = 0
    if transparent:
        picture[:, 12:, 3] = 0
    return picture


def test_a_dark_strip_beside_transparent_ground_is_seen():
    seen = within_scene(split(beside_nothing(transparent=True)))
    assert seen[:, :12].all()
    assert not seen[:, 12:].any()


def test_a_dark_strip_beside_black_may_be_what_a_jpeg_made_of_its_rim():
    assert not within_scene(split(beside_nothing(transparent=False))).any()
