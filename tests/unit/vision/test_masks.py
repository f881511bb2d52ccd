"""The scene of an image: what of it is no ground, whatever stands for nothing there."""

import cv2
import numpy as np
import pytest

from chalicelib.vision.changes import detect
from chalicelib.vision.masks import scene_mask
from chalicelib.vision.pixels import to_pixels
from tests.support.builders.land import grained, house, land
from tests.support.builders.stripes import jpeg, stripes

LEVELS = [(0, 0, 0), (255, 255, 255), (127, 127, 127), (200, 60, 20)]
GSD_M = 0.6


def beside_nothing(*, transparent: bool) -> np.ndarray:
    """Dark ground of twelve columns, and nothing beside it: transparent, or black."""
    image = np.full((64, 64, 4), 255, np.uint8)
    image[..., :3] = np.random.default_rng(2).integers(6, 14, (64, 64, 3))
    image[:, 12:, :3] = 0
    if transparent:
        image[:, 12:, 3] = 0
    return image


def ground() -> np.ndarray:
    return grained(land(seed=7))


def hole() -> np.ndarray:
    where = np.zeros((320, 320), np.uint8)
    return cv2.ellipse(where, (150, 160), (40, 26), 25, 0, 360, 1, -1) > 0


def wedge() -> np.ndarray:
    where = np.zeros((320, 320), np.uint8)
    return cv2.fillPoly(where, [np.array([[320, 0], [320, 320], [210, 320]])], 1) > 0


SHAPES = {
    "hole": hole(),
    "wedge": wedge(),
    "rows": stripes(2, 0),
    "one row": stripes(1, 0, 1),
    "columns": stripes(1, 90),
    "turned": stripes(8, 7),
    "graticule": stripes(2, 0) | stripes(2, 90),
    "cross": stripes(2, 0, 1) | stripes(2, 90, 1),
    "turned far": stripes(4, 45),
}


def without(image: np.ndarray, where: np.ndarray, level: tuple[int, int, int]) -> np.ndarray:
    copy = image.copy()
    copy[where] = level
    return copy


def unseen(image: np.ndarray) -> np.ndarray:
    return ~scene_mask(to_pixels(image))


def test_a_dark_strip_beside_transparent_ground_is_seen():
    seen = scene_mask(to_pixels(beside_nothing(transparent=True)))
    assert seen[:, :12].all()
    assert not seen[:, 12:].any()


def test_a_dark_strip_beside_black_may_be_what_a_jpeg_made_of_its_rim():
    assert not scene_mask(to_pixels(beside_nothing(transparent=False))).any()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_has_one_exact_value_is_no_ground(shape, level):
    where, before = SHAPES[shape], ground()
    found = unseen(without(before, where, level))
    assert found[where].all()
    assert not found[cv2.dilate(where.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0].any()
    assert not detect(before, without(before, where, level), GSD_M).any()
    after = without(house(before, 60, 270), where, level)
    assert detect(before, after, GSD_M).any() or where[270:288, 60:84].any()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shape", ["hole", "wedge"])
@pytest.mark.parametrize("quality", [92, 80, 60])
def test_what_a_jpeg_made_of_it_is_no_ground(shape, level, quality):
    where, before = SHAPES[shape], ground()
    after = jpeg(without(before, where, level), quality)
    assert unseen(after)[where].mean() > 0.98
    assert not detect(before, after, GSD_M).any()


@pytest.mark.parametrize("level", LEVELS)
def test_what_resampling_made_of_its_edge_is_no_ground(level):
    where, before = hole(), ground()
    size = (290, 290)
    before, after = (
        cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for image in (before, without(before, where, level))
    )
    differs = np.abs(before.astype(int) - after).max(axis=2) > 12
    assert unseen(after)[differs].mean() > 0.95
    assert not detect(before, after, GSD_M).any()


@pytest.mark.parametrize("level", LEVELS[:2])
@pytest.mark.parametrize("turn_deg", [0, 7, 90, 97])
@pytest.mark.parametrize("quality", [85, 70])
def test_black_and_white_stripes_after_jpeg_are_no_ground(quality, turn_deg, level):
    where, before = stripes(8, turn_deg), ground()
    after = jpeg(without(before, where, level), quality)
    assert unseen(after)[where].mean() > 0.98
    assert not detect(before, after, GSD_M).any()


def test_two_white_roads_side_by_side_are_ground():
    image = ground()
    for row in (100, 160):
        cv2.line(image, (0, row), (319, row + 30), (250, 250, 250), 7)
    assert not unseen(jpeg(grained(image))).any()


def test_letters_on_a_panel_are_no_ground_and_what_lies_behind_the_rim_goes_on():
    where, before = SHAPES["wedge"], ground()
    after = without(before, where, (0, 0, 0))
    assert unseen(after)[where].all()
    down, right = (int(np.median(each)) for each in np.nonzero(where))
    cv2.putText(after, "0", (right - 8, down + 8), cv2.FONT_HERSHEY_DUPLEX, 0.7, (255, 255, 255), 2, cv2.LINE_AA)
    assert unseen(after)[where].all()
    after = without(before, np.ones(before.shape[:2], np.bool_), (0, 0, 0))
    after[:20, :20] = before[:20, :20]
    assert not unseen(after)[:18, :18].any()


def test_black_beside_what_is_transparent_is_no_ground():
    image = np.dstack([ground(), np.full((320, 320), 255, np.uint8)])
    image[:, 260:, 3] = 0
    image[100:140, 248:260, :3] = np.random.default_rng(3).integers(0, 4, (40, 12, 3))
    image[200:240, 120:132, :3] = np.random.default_rng(3).integers(0, 4, (40, 12, 3))
    seen = scene_mask(to_pixels(image))
    assert not seen[100:140, 248:].any()
    assert seen[200:240, 120:132].all()  # a dark pond


def test_a_net_of_flat_roads_and_a_flat_roof_are_ground():
    image = ground()
    for ends in (((0, 40), (319, 90)), ((60, 0), (40, 319)), ((319, 200), (0, 280))):
        cv2.line(image, *ends, (140, 150, 155), 8)
    cv2.rectangle(image, (200, 130), (230, 160), (90, 110, 200), -1)
    assert not unseen(image).any()


def test_an_over_exposed_roof_is_ground():
    image = ground()
    noise = np.random.default_rng(1).normal(0, 1.2, (120, 90, 1))
    image[80:200, 60:150] = np.clip(np.rint(254.5 + noise), 0, 255)
    assert unseen(image)[80:200, 60:150].mean() < 0.05


def test_ground_with_a_grey_level_of_noise_is_ground():
    assert not unseen(grained(np.full((320, 320, 3), 90, np.uint8))).any()


def test_an_image_of_one_value_shows_no_ground():
    assert unseen(np.full((320, 320, 3), 90, np.uint8)).all()


def scan_gaps(*, turn_deg: float, rim_px: float, count: int) -> np.ndarray:
    """Gaps of a scanner: wide at one rim, nothing at the other."""
    y, x = np.mgrid[0:320, 0:320].astype(float)
    turn = np.radians(turn_deg)
    along, across = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    along = (along - along.min()) / (along.max() - along.min())
    apart = (across.max() - across.min()) / count
    return np.abs(across % apart - apart / 2) < rim_px * along / 2


@pytest.mark.parametrize("level", [(0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize(("turn_deg", "rim_px", "count"), [(8, 12, 10), (-10, 9, 12), (80, 12, 10), (30, 10, 12)])
@pytest.mark.parametrize("quality", [90, 70])
def test_gaps_of_a_scanner_that_grow_wider_are_unseen_after_jpeg(level, turn_deg, rim_px, count, quality):
    where, before = scan_gaps(turn_deg=turn_deg, rim_px=rim_px, count=count), ground()
    after = jpeg(without(before, where, level), quality)
    hidden = unseen(after)
    assert hidden[where].mean() > 0.95
    assert hidden.mean() < 0.75
    assert not detect(before, after, GSD_M).any()


def test_long_shadows_and_white_roofs_that_lie_unevenly_are_seen():
    image = ground()
    for place, top in enumerate((20, 45, 92, 110, 171, 208, 281)):
        image[top : top + 6, 60:230] = (250, 250, 250) if place % 2 else (8, 8, 8)
    assert not unseen(jpeg(image, 90)).any()
