"""Stripes of any value after JPEG: no ground where one image has them; roads, rails and fields are ground."""

import cv2
import pytest

from chalicelib.vision.changes import detect
from chalicelib.vision.pair_stripes import stripes_between
from chalicelib.vision.pixels import to_pixels
from tests.support.builders.land import grained, house, land
from tests.support.builders.stripes import jpeg, stripes

GSD_M = 0.6
GREY, BLUE = (127, 127, 127), (200, 60, 20)


def ground():
    return grained(land(seed=7))


def drawn(image, where, value, quality):
    copy = image.copy()
    copy[where] = value
    return jpeg(copy, quality)


def found(before, after):
    return stripes_between(to_pixels(before), to_pixels(after))


@pytest.mark.parametrize("quality", [90, 70])
@pytest.mark.parametrize("value", [GREY, BLUE])
@pytest.mark.parametrize(("thick", "turn_deg"), [(8, 7), (8, 0), (8, 97), (5, 45), (4, 9)])
def test_stripes_of_any_value_are_no_ground(thick, turn_deg, value, quality):
    where, before = stripes(thick, turn_deg), ground()
    after = drawn(before, where, value, quality)
    assert found(before, after)[where].mean() > 0.95
    assert not detect(before, after, GSD_M).any()
    assert not detect(after, before, GSD_M).any()


def test_a_house_between_stripes_is_found_all_the_same():
    before = ground()
    after = house(before, 150, 138)
    marked = detect(before, drawn(after, stripes(8, 0), GREY, 80), GSD_M)
    assert marked[138:156, 150:174].mean() > 255 / 2
    assert not marked[:100].any()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_road_two_and_three_side_by_side_are_ground(count):
    before = ground()
    assert found(before, drawn(before, stripes(8, 7, count), GREY, 80)) is None


def test_lines_of_several_widths_or_tones_are_ground():
    before, after = ground(), ground()
    for number, row in enumerate(range(30, 300, 45)):
        cv2.line(after, (0, row), (319, row + 20), (100 + 9 * number,) * 3, 8)
    assert found(before, jpeg(after)) is None
    after = ground()
    for number, row in enumerate(range(30, 300, 45)):
        cv2.line(after, (0, row), (319, row + 20), GREY, 3 + 2 * number)
    assert found(before, jpeg(after)) is None


def test_lines_that_end_within_the_image_are_ground():
    before, after = ground(), ground()
    for row in range(30, 300, 45):
        cv2.line(after, (60, row), (240, row + 12), GREY, 8)
    assert found(before, jpeg(after)) is None


def test_strips_of_fields_are_ground():
    """As wide as each other, and from rim to rim; but soil and crops are not as light as each other to a level."""
    before, after = ground(), ground()
    for number, tone in enumerate((118, 127, 131, 122, 136, 125)):
        strip = stripes(8, 7, number + 1) & ~stripes(8, 7, number)
        after[strip] = tone
    assert found(before, jpeg(grained(after))) is None


def test_what_both_images_have_is_no_matter():
    before = ground()
    before[stripes(8, 7)] = GREY
    assert found(jpeg(before), jpeg(before, 70)) is None
