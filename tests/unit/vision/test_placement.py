"""One grid for two images, and which of the two is the odd one."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.errors import DoesNotFit
from chalicelib.domain.thresholds import Thresholds
from chalicelib.vision.change_map import map_change
from chalicelib.vision.changes import compare, compare_with_baseline, detect
from chalicelib.vision.masks import in_scene
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.placement import map_placed, placed
from tests.support.builders.land import EVERYWHERE, VIEW, grained, house, png, village

GSD_M = VIEW.gsd_m
SIDE = VIEW.size_px
OFF = 22  # pixels: twelve metres


def right(**where):
    return village(SIDE, **where)


def mirrored():
    return np.ascontiguousarray(right()[:, ::-1])


def test_pixels_that_fit_are_the_very_same():
    one, two = to_pixels(right()), to_pixels(house(right(), 100, 100))
    first, second = placed(one, two, GSD_M)
    assert first is one
    assert second is two


def test_what_a_moved_image_does_not_reach_is_unseen_and_never_changed():
    one, two = to_pixels(right()), to_pixels(right(left=OFF))
    _, laid = placed(one, two, GSD_M)
    assert not laid.valid[:, : OFF - 1].any()
    assert laid.valid[:, OFF + 2 :].all()
    found = map_change(*placed(one, two, GSD_M), GSD_M)
    assert not found.clear[:, : OFF - 1].any()
    assert not detect(one.bgr, two.bgr, GSD_M).any()


def test_a_house_on_a_misplaced_image_is_told_where_it_stands():
    after = house(village(SIDE + OFF), 150 + OFF, 140)[:SIDE, OFF:]  # what is right of it came into view
    alert = detect(right(), house(right(left=OFF), 150 - OFF, 140), GSD_M)
    assert after.shape == alert.shape + (3,)
    rows, columns = np.nonzero(alert)
    assert abs(columns.mean() - (150 + 14)) < 8
    assert abs(rows.mean() - (140 + 11)) < 8


def test_no_data_of_a_moved_image_stays_no_data():
    image = grained(right(left=OFF))
    image[:, -60:] = 0
    _, laid = placed(to_pixels(right()), in_scene(to_pixels(image)), GSD_M)
    assert not laid.valid[:, -36:].any()
    assert laid.valid[2:-2, OFF + 2 : SIDE - 60 + OFF - 24].all()


def test_without_an_older_image_the_newer_one_is_odd():
    with pytest.raises(DoesNotFit, match="does not fit its reference: mirrored") as told:
        placed(to_pixels(right()), to_pixels(mirrored()), GSD_M)
    assert not told.value.is_reference


@pytest.mark.parametrize("is_reference_odd", [True, False])
def test_an_older_image_decides_which_one_is_odd(is_reference_odd):
    pair = [to_pixels(mirrored()), to_pixels(right())]
    pair = pair if is_reference_odd else pair[::-1]
    with pytest.raises(DoesNotFit) as told:
        placed(*pair, GSD_M, [to_pixels(right())])
    assert told.value.is_reference is is_reference_odd


def again(image, seed=9):
    """Take the same ground again."""
    return np.clip(image + np.random.default_rng(seed).normal(0, 3, image.shape), 0, 255).astype(np.uint8)


OFF_72 = {"left": -72}  # 36 m and more: not to be corrected


def told_of(reference, newer, *, older=(), refused=()):
    numbered = ((number, to_pixels(image)) for number, image in enumerate(refused))
    with pytest.raises(DoesNotFit) as told:
        placed(to_pixels(reference), to_pixels(newer), GSD_M, map(to_pixels, older), numbered)
    return told.value.is_reference, told.value.witness


@pytest.mark.parametrize("odd", [mirrored(), right(**OFF_72)])
def test_two_later_images_that_agree_outvote_a_first_one_that_is_odd(odd):
    assert told_of(odd, again(right()), refused=[right()]) == (True, 0)
    assert told_of(odd, again(right()), refused=[right(left=-100), right()]) == (True, 1)


def test_one_later_image_unseats_no_reference():
    odd = right(**OFF_72)
    assert told_of(right(), odd) == (False, None)
    assert told_of(right(), odd, refused=[mirrored()]) == (False, None), "two that do not agree"
    assert told_of(right(), odd, refused=[again(right())]) == (False, None), "one that agrees with the reference"


def test_what_agrees_with_an_older_image_is_not_outvoted():
    odd = right(**OFF_72)
    assert told_of(right(), odd, older=[again(right())], refused=[again(odd)]) == (False, None)


def test_an_older_image_that_fits_neither_decides_nothing():
    olders = [to_pixels(np.full((SIDE, SIDE, 3), 90, np.uint8)), to_pixels(right())]
    with pytest.raises(DoesNotFit) as told:
        placed(to_pixels(mirrored()), to_pixels(right()), GSD_M, olders)
    assert told.value.is_reference


def test_a_reference_that_lies_off_is_laid_where_older_images_lie():
    reference, newer = to_pixels(right(left=OFF)), to_pixels(right())
    laid, kept = placed(reference, newer, GSD_M, [to_pixels(right())])
    assert kept is newer
    assert not laid.valid[:, : OFF - 1].any()
    kept, laid = placed(reference, newer, GSD_M)
    assert kept is reference
    assert not laid.valid[:, -OFF + 1 :].any()


def test_older_images_are_laid_where_the_newer_one_lies():
    newer = to_pixels(right())
    assert map_placed(to_pixels(right(left=OFF)), newer, GSD_M).odds.max() < 0.6
    assert map_change(to_pixels(right(left=OFF)), newer, GSD_M).odds.max() > 2


def test_of_an_older_image_that_does_not_fit_nothing_is_known():
    found = map_placed(to_pixels(mirrored()), to_pixels(right()), GSD_M)
    assert not found.clear.any()
    assert found.odds.max() == found.odds.min() == -30
    assert found.odds.shape == map_change(to_pixels(right()), to_pixels(right()), GSD_M).odds.shape


@pytest.mark.parametrize("function", [compare, compare_with_baseline])
def test_both_comparisons_ask_whether_it_is_the_same_ground(function):
    older = {compare: "older", compare_with_baseline: "between"}[function]
    ground = {"view": VIEW, "area": EVERYWHERE, "thresholds": Thresholds(min_changed_area_m2=25), older: []}
    with pytest.raises(DoesNotFit, match="upside down"):
        function(png(right()), png(cv2.rotate(right(), cv2.ROTATE_180)), **ground)
    change = function(png(right()), png(right(left=OFF)), **ground)
    assert change.regions == ()
    assert change.clear_share < 1 or VIEW.margin_px >= OFF


def test_the_detector_marks_nothing_where_nothing_fits():
    assert not detect(right(), mirrored(), GSD_M).any()
