"""What people are shown: lines of one pixel on a grey image of 420 px, where they are told apart by counting."""

import cv2
import numpy as np
import pytest

from chalicelib.vision.pixels import Pixels
from chalicelib.vision.render import Drawing, mask_png, overlay_png

GREY, WHITE, RED = (90, 90, 90), (255, 255, 255), (60, 20, 235)


def decoded(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def square(left, top, side, *, m2, is_alert):
    """A square whose outline runs through the middle of its first and last pixels."""
    right, bottom = left + side, top + side
    ring = np.array([[left, top], [left, bottom], [right, bottom], [right, top]], np.float64) + 0.5
    return Drawing(rings=[ring], area_m2=m2, is_alert=is_alert)


def drawn(*drawings, size=420, valid=None):
    valid = np.ones((size, size), np.bool_) if valid is None else valid
    return decoded(overlay_png(Pixels(np.full((size, size, 3), GREY, np.uint8), valid), drawings))


def shows(image, colour):
    """Which pixels have about this colour? Lines are smoothed."""
    return (np.abs(image.astype(int) - colour) <= 25).all(axis=-1)


def count(image, colour):
    return int(shows(image, colour).sum())


def test_a_mask_is_black_and_white():
    mask = np.zeros((7, 9), np.bool_)
    mask[2:4, 3:8] = True
    image = decoded(mask_png(mask))
    assert image.shape == (7, 9)
    assert np.array_equal(image == 255, mask)
    assert np.array_equal(image == 0, ~mask)


def test_with_nothing_to_draw_it_is_the_image_with_grey_where_there_is_no_data():
    valid = np.ones((420, 420), np.bool_)
    valid[:, 400:] = False
    image = drawn(valid=valid)
    assert (image[:, :400] == GREY).all()
    assert (image[:, 400:] == 200).all()


def test_what_is_not_worth_an_alert_is_a_thin_white_line():
    image = drawn(square(100, 200, 50, m2=300, is_alert=False))
    outside = image.copy()
    outside[199:252, 99:152] = GREY
    assert (outside == GREY).all(), "no label, nothing beside it"
    assert (image[202:249, 102:149] == GREY).all(), "not filled"
    assert shows(image[200, 105:146], WHITE).all()
    assert shows(image[205:246, 150], WHITE).all()


def test_an_alert_is_a_red_line_in_a_white_one():
    image = drawn(square(100, 200, 50, m2=300, is_alert=True))
    assert shows(image[205:246, 100], RED).all()
    assert shows(image[250, 105:146], RED).all()
    assert (image[205:246, [99, 101]] > 180).all(), "the halo"
    assert (image[205:246, 105:146] == GREY).all(), "not filled"


def test_an_alert_has_its_size_written_above_it():
    image = drawn(square(100, 200, 50, m2=1234, is_alert=True))
    above = image[:196]
    rows, columns = np.nonzero((above != GREY).any(axis=2))
    assert columns.min() < 125 < columns.max(), "over its middle"
    box = above[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert shows(box[1, 2:-2], RED).all(), "framed"
    assert count(box, WHITE) > box.shape[0] * box.shape[1] / 3, "on white"
    assert count(box[2:-2, 2:-2], RED) > 10, "and written on"
    longer = drawn(square(100, 200, 50, m2=123_456, is_alert=True))[:196]
    assert count(longer, WHITE) > count(box, WHITE)


@pytest.mark.parametrize("top", [0, 3])
def test_a_label_stays_in_the_image(top):
    image = drawn(square(2, top, 30, m2=300, is_alert=True))
    _, columns = np.nonzero((image != GREY).any(axis=2))
    assert columns.max() > 40, "it is wider than its region, and moved into the image"
    assert count(image, RED) > 150


def test_labels_do_not_cover_each_other():
    one, two = square(100, 200, 30, m2=900, is_alert=True), square(110, 205, 30, m2=800, is_alert=True)
    first, both = drawn(one), drawn(one, two)
    label = np.nonzero((first[:196] != GREY).any(axis=2))
    assert np.array_equal(first[label], both[label]), "the larger one's stands as if it were alone"
    assert count(both, WHITE) > count(first, WHITE) + 300, "the other one has its own"


def test_the_twenty_largest_are_labelled():
    places = [(40 + 160 * column, 80 + 160 * row) for row in range(5) for column in range(5)]
    many = [square(*place, 20, m2=1000 - number, is_alert=True) for number, place in enumerate(places[:21])]
    image = drawn(*many, size=840)
    labelled = [bool((image[top - 30 : top - 6, left : left + 20] != GREY).any()) for left, top in places[:21]]
    assert labelled == [True] * 20 + [False]


def test_holes_are_outlined_too():
    outer, hole = (square(100, 200, side, m2=0, is_alert=False).rings[0] for side in (60, 20))
    image = drawn(Drawing(rings=[outer, hole + 20], area_m2=300, is_alert=False))
    assert shows(image[220, 125:136], WHITE).all()
