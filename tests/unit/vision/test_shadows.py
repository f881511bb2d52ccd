"""A shadow that moved is no change; a roof that is new is one, however dark."""

import cv2
import numpy as np
import pytest

from chalicelib.vision.changes import detect
from tests.support.builders.land import grained

GSD_M = 0.5


def land(seed=3):
    """Give ground with grain, a path and a long house."""
    chance = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(chance.normal(0, 14, (400, 400)).astype(np.float32), (0, 0), 1.5)
    image = np.float32([92, 128, 140]) + grain[..., None]
    cv2.line(image, (0, 330), (400, 300), (120, 150, 165), 7)
    cv2.rectangle(image, (140, 180), (240, 225), (205, 205, 200), -1)
    return image + chance.normal(0, 2, image.shape)


def cast(image, dx, dy):
    """Cast the house's shadow."""
    corners = np.array([[140, 180], [240, 180], [240, 225], [140, 225]])
    shadow = np.zeros(image.shape[:2], np.uint8)
    for share in np.linspace(0, 1, 20):
        cv2.fillPoly(shadow, [(corners + np.array([dx, dy]) * share).astype(np.int32)], 1)
    shadow[180:226, 140:241] = 0
    soft = cv2.GaussianBlur(shadow.astype(np.float32), (0, 0), 0.8)[..., None]
    return np.clip(image * (1 - soft * np.float32([0.44, 0.5, 0.54])), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("way", [(0, -14), (12, -8), (-13, 5)])
def test_a_shadow_that_moved_is_no_change(way):
    assert not detect(cast(land(), *way), cast(land(), 1, -2), GSD_M).any()


def test_a_new_roof_beside_the_shadow_is_a_change():
    before, after = cast(land(), 0, -14), land()
    cv2.rectangle(after, (60, 60), (95, 90), (70, 72, 140), -1)
    mask = detect(before, cast(after, 1, -2), GSD_M) > 0
    assert mask[62:88, 62:93].mean() > 0.5
    assert not mask[150:260, 110:270].any()


def test_a_dark_roof_on_ground_that_stays_light_around_it_is_a_change():
    before, after = land(), land()
    cv2.rectangle(after, (60, 60), (110, 100), (88, 82, 60), -1)
    after = grained(np.clip(after, 0, 255))
    assert (detect(np.uint8(before), after, GSD_M) > 0)[65:95, 65:105].mean() > 0.5
