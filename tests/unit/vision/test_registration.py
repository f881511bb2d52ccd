import cv2
import numpy as np
import pytest

from chalicelib.vision.registration import NO_SHIFT, Shift, edge_strength, estimate_shift, translate
from tests.support.builders.land import land


def grey(seed: int) -> np.ndarray:
    return cv2.cvtColor(land(256, seed=seed), cv2.COLOR_BGR2GRAY).astype(np.float32)


@pytest.mark.parametrize("by", [(1.0, 0.0), (0.4, -0.7), (-3.5, 2.25), (6.0, 5.0)])
def test_a_shift_is_found_to_a_quarter_of_a_pixel(by):
    image = grey(1)
    found = estimate_shift(edge_strength(image), edge_strength(translate(image, Shift(*by))))
    assert abs(found.x - by[0]) <= 0.25
    assert abs(found.y - by[1]) <= 0.25


def test_two_places_that_have_nothing_in_common_are_left_alone():
    assert estimate_shift(edge_strength(grey(1)), edge_strength(grey(2))) == NO_SHIFT
    flat = np.zeros((256, 256), np.float32)
    assert estimate_shift(edge_strength(flat), edge_strength(flat)) == NO_SHIFT
