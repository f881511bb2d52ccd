"""Letters that a program drew into an image, and roofs that stand in a row like them."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.thresholds import Thresholds
from chalicelib.vision.changes import compare
from tests.support.builders.land import EVERYWHERE, VIEW, grained, land, png

SIDE = VIEW.size_px
AT = (SIDE // 5, SIDE // 2)


def ground():
    return grained(land(SIDE, seed=4))


def stamped(image, text="2025-04-10 10:32", colour=(255, 255, 255), at=AT, size=1.0):
    return cv2.putText(image.copy(), text, at, cv2.FONT_HERSHEY_DUPLEX, size, colour, 3, cv2.LINE_AA)


def look(before, after):
    return compare(png(before), png(after), view=VIEW, area=EVERYWHERE, thresholds=Thresholds(min_changed_area_m2=25))


def turned(mask, degrees):
    return cv2.warpAffine(mask, cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), degrees, 1), (SIDE, SIDE))


def on_a_panel(*, panel=(0, 0, 0), ink=(255, 255, 255), share=0.0, turn=0):
    letters, board = np.zeros((2, SIDE, SIDE), np.uint8)
    cv2.putText(letters, "2025-04-10 10:32", AT, cv2.FONT_HERSHEY_DUPLEX, 1.0, 255, 3, cv2.LINE_AA)
    cv2.rectangle(board, (AT[0] - 8, AT[1] - 30), (AT[0] + 290, AT[1] + 10), 255, -1)
    letters, board = (turned(mask, turn).astype(np.float32)[..., None] / 255 for mask in (letters, board))
    drawn = ground() * (1 - share * board) + share * board * np.array(panel)
    return np.rint(drawn * (1 - letters) + letters * np.array(ink)).astype(np.uint8)


def as_jpeg(image):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_COLOR)


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (0, 255, 255)])
def test_a_date_that_was_drawn_into_an_image_is_no_change(colour):
    assert look(ground(), stamped(ground(), colour=colour)).regions == ()
    assert look(stamped(ground(), colour=colour), ground()).regions == ()


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0)])
def test_a_date_is_no_change_after_jpeg(colour):
    assert look(as_jpeg(ground()), as_jpeg(stamped(ground(), colour=colour))).regions == ()


@pytest.mark.parametrize("colour", [(0, 0, 255), (255, 255, 0), (255, 0, 0)])
def test_a_coloured_date_is_no_change_after_jpeg(colour):
    assert look(as_jpeg(ground()), as_jpeg(stamped(ground(), colour=colour))).regions == ()


@pytest.mark.parametrize("turn", [-20, 30, 45, 60, 90, 270])
def test_a_date_is_no_change_in_whichever_direction_it_runs(turn):
    assert look(ground(), on_a_panel(turn=turn)).regions == ()


@pytest.mark.parametrize(("panel", "ink"), [((0, 0, 0), (255, 255, 255)), ((255, 255, 255), (0, 0, 0))])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_date_on_a_panel_is_no_change_after_jpeg(panel, ink, share):
    drawn = on_a_panel(panel=panel, ink=ink, share=share)
    assert look(as_jpeg(ground()), as_jpeg(drawn)).regions == ()
    assert look(as_jpeg(drawn), as_jpeg(ground())).regions == ()


@pytest.mark.parametrize("turn", [30, 90])
def test_roofs_along_a_lane_of_any_direction_are_found(turn):
    lane = np.zeros((SIDE, SIDE), np.uint8)
    for number in range(7):
        left = SIDE // 5 + 40 * number
        cv2.rectangle(lane, (left, SIDE // 2), (left + 22, SIDE // 2 + 22), 255, -1)
        cv2.rectangle(lane, (left + 11, SIDE // 2), (left + 22, SIDE // 2 + 11), 0, -1)  # shaped like an L
    after = ground()
    after[turned(lane, turn) > 127] = (60, 80, 190)
    change = look(ground(), grained(after))
    assert len(change.regions) >= 5
    assert all(region.reason is not Reason.LETTERING for region in change.ignored)


def test_what_letters_hide_is_counted_with_its_reason():
    change = look(ground(), stamped(ground()))
    hidden_m2 = sum(region.area_m2 for region in change.ignored if region.reason is Reason.LETTERING)
    assert hidden_m2 > 100
    assert 1 - change.clear_share == pytest.approx(hidden_m2 / (VIEW.tile_px * VIEW.gsd_m) ** 2, rel=0.35)


def test_a_house_beside_letters_is_found():
    after = stamped(ground())
    after[SIDE // 2 + 60 : SIDE // 2 + 100, SIDE // 3 : SIDE // 3 + 50] = (90, 90, 200)
    assert look(ground(), grained(after)).regions


@pytest.mark.parametrize("side_px", [14, 24])
def test_small_roofs_in_a_row_are_no_letters(side_px):
    after = ground()
    for number in range(6):
        left = AT[0] + number * 2 * side_px
        after[AT[1] : AT[1] + side_px, left : left + side_px] = (235, 235, 240)
    change = look(ground(), after)
    assert change.regions
    assert all(region.reason is not Reason.LETTERING for region in change.ignored)


def test_roofs_shaped_like_an_l_in_a_row_are_found_however_they_are_called():
    after = ground()
    for number in range(3):
        left = AT[0] + number * 80
        roof = np.array([[0, 0], [20, 0], [20, 30], [50, 30], [50, 50], [0, 50]]) + (left, AT[1])
        cv2.fillPoly(after, [roof.astype(np.int32)], (60, 80, 190))
    assert look(ground(), grained(after)).regions
