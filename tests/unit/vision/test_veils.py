"""Thin clouds, and what is none."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.thresholds import Thresholds
from chalicelib.vision.changes import compare
from chalicelib.vision.veils import is_veil
from tests.support.builders.land import EVERYWHERE, VIEW, grained, land, png

SIDE = VIEW.size_px
MIDDLE = (SIDE // 2, SIDE // 2)


def ground():
    return grained(land(SIDE, seed=4))


def over(image, light, *, part, softness_px):
    """Lay a lump of light over the middle of an image."""
    cover = np.zeros(image.shape[:2], np.float32)
    cv2.ellipse(cover, (MIDDLE, (44, 24), 30.0), part, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), softness_px)[..., None]
    return np.clip(image * (1 - cover) + np.array(light, np.float32) * cover, 0, 255).astype(np.uint8)


def look(before, after):
    anything = Thresholds(min_changed_area_m2=25)
    return compare(png(before), png(after), view=VIEW, area=EVERYWHERE, thresholds=anything)


@pytest.mark.parametrize("part", [0.35, 0.55, 0.75])
@pytest.mark.parametrize("softness_px", [7, 10])
@pytest.mark.parametrize("is_gone", [False, True])
def test_a_small_thin_cloud_is_no_change(part, softness_px, is_gone):
    before, after = ground(), over(ground(), (244, 244, 244), part=part, softness_px=softness_px)
    change = look(after, before) if is_gone else look(before, after)
    assert change.regions == ()


def test_what_a_thin_cloud_hides_is_counted():
    change = look(ground(), over(ground(), (244, 244, 244), part=0.45, softness_px=8))
    veiled_m2 = sum(region.area_m2 for region in change.ignored if region.reason is Reason.VEIL)
    tile_m2 = (VIEW.tile_px * VIEW.gsd_m) ** 2
    assert veiled_m2 > 100
    assert 1 - change.clear_share == pytest.approx(veiled_m2 / tile_m2, rel=0.25)


@pytest.mark.parametrize(
    ("light", "softness_px"),
    [((244, 244, 244), 1.2), ((120, 160, 205), 8)],
    ids=["a pale yard with an edge", "soil that thins out"],
)
def test_what_is_no_cloud_is_told(light, softness_px):
    assert look(ground(), over(ground(), light, part=0.75, softness_px=softness_px)).regions


def test_with_coarse_pixels_nothing_is_taken_for_a_veil():
    before, after = ground(), over(ground(), (244, 244, 244), part=0.5, softness_px=8)
    inside = np.zeros((SIDE, SIDE), np.bool_)
    inside[MIDDLE[1] - 15 : MIDDLE[1] + 15, MIDDLE[0] - 20 : MIDDLE[0] + 20] = True
    assert is_veil(before, after, inside, 0.5)
    assert not is_veil(before, after, inside, 1.5)
