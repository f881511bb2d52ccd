"""The kind of a region: told by what it looked like before and looks like now, so the direction counts."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.kinds import WORKS, Kind
from chalicelib.vision.change_map import map_change
from chalicelib.vision.kinds import KINDS, KindModel, kind_model, kind_odds, kinds_of
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.region_descriptors import IN_ONE, NAMES, describe, levels_of
from tests.support.builders.land import grained, land

GSD_M = 1.0
BOX = (100, 90, 60, 50)  # left, top, width, height


def painted(image, colour, *, ragged=False):
    """Give the image with a patch of another colour, as rough as the ground."""
    left, top, width, height = BOX
    mask = np.zeros(image.shape[:2], np.uint8)
    if ragged:
        cv2.ellipse(mask, (left + width // 2, top + height // 2), (width // 2, height // 2), 0, 0, 360, 1, -1)
    else:
        mask[top : top + height, left : left + width] = 1
    own = np.random.default_rng(3).normal(0, 6, image.shape) + colour
    return np.where(mask[..., None] > 0, np.clip(own, 0, 255), image).astype(np.uint8)


def hall(image):
    """Give the image with a bright hall, its shadow and its paved yard."""
    left, top, width, height = BOX
    built = painted(image, (150, 150, 150))
    cv2.rectangle(built, (left + 8, top + 8), (left + width - 6, top + height - 6), (45, 45, 45), -1)
    cv2.rectangle(built, (left + 5, top + 5), (left + width - 12, top + height - 12), (245, 245, 245), -1)
    return grained(built)


def chances(before, after):
    left, top, width, height = BOX
    change_map = map_change(to_pixels(before), to_pixels(after), GSD_M)
    return kinds_of(np.ones((height, width), np.bool_), top, left, change_map, GSD_M)


def surest(of):
    return max(of, key=of.get)


def test_the_chances_of_all_kinds_are_one():
    of = chances(land(), hall(land()))
    assert list(of) == list(Kind)
    assert sum(of.values()) == pytest.approx(1)
    assert min(of.values()) >= 0


def test_a_hall_on_a_meadow_is_works_and_bare_ground_that_grows_over_is_none():
    meadow, bare = land(), painted(land(), (120, 170, 200), ragged=True)
    assert sum(of for kind, of in chances(meadow, hall(meadow)).items() if kind in WORKS) > 0.5
    assert sum(of for kind, of in chances(bare, meadow).items() if kind in WORKS) < 0.5


def test_the_direction_counts():
    meadow, bare = land(), painted(land(), (120, 170, 200), ragged=True)
    assert surest(chances(meadow, bare)) is Kind.BARE_EARTH
    assert surest(chances(bare, meadow)) is Kind.VEGETATION_GROWN


def test_where_it_changed_is_the_same_to_the_bit_whichever_image_comes_first():
    one, two = land(), hall(land())
    forth, back = (map_change(*(to_pixels(image) for image in pair), GSD_M) for pair in ((one, two), (two, one)))
    assert forth.odds.tobytes() == back.odds.tobytes()
    assert forth.clear.tobytes() == back.clear.tobytes()
    assert forth.pair.is_exchanged is not back.pair.is_exchanged
    for older, newer in zip(forth.pair.older_and_newer, reversed(back.pair.older_and_newer), strict=True):
        assert older.tobytes() == newer.tobytes()


def test_what_describes_a_region_turns_around_with_the_images():
    one, two = (image.astype(np.float32) for image in (land(), hall(land())))
    usable = np.ones(one.shape[:2], np.bool_)
    levels = levels_of(one, usable), levels_of(two, usable)
    mask = np.ones((BOX[3], BOX[2]), np.bool_)
    forth = describe(mask, (BOX[1], BOX[0]), (one, two), levels, GSD_M)
    back = describe(mask, (BOX[1], BOX[0]), (two, one), levels[::-1], GSD_M)
    assert len(forth) == len(NAMES)
    count = len(IN_ONE)
    np.testing.assert_array_equal(forth[:count], back[count : 2 * count])
    np.testing.assert_array_equal(forth[2 * count :], back[2 * count :])


def test_a_brighter_day_describes_it_alike():
    dull = land().astype(np.float32)
    usable, mask = np.ones(dull.shape[:2], np.bool_), np.ones((BOX[3], BOX[2]), np.bool_)
    of = [
        describe(mask, (BOX[1], BOX[0]), (image, image), (levels_of(image, usable),) * 2, GSD_M)
        for image in (dull, dull * 1.5 + 10)
    ]
    brightness = [NAMES.index(f"{name}_after") for name in ("dark", "brightness", "bright")]
    np.testing.assert_allclose(of[0][brightness], of[1][brightness], atol=0.02)


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (319, 319, 1, 1), (0, 0, 320, 320), (10, 0, 1, 320)])
def test_any_region_of_the_image_has_a_kind(box):
    left, top, width, height = box
    change_map = map_change(to_pixels(land()), to_pixels(hall(land())), GSD_M)
    of = kinds_of(np.ones((height, width), np.bool_), top, left, change_map, GSD_M)
    assert sum(of.values()) == pytest.approx(1)


def test_where_nothing_can_be_seen_nothing_is_known_of_a_kind():
    nothing = to_pixels(np.dstack([land(), np.zeros((320, 320), np.uint8)]))
    change_map = map_change(nothing, nothing, GSD_M)
    assert kinds_of(np.ones((5, 5), np.bool_), 0, 0, change_map, GSD_M) == {}


@pytest.mark.parametrize(("gsd_m", "left"), [(0.25, 40), (0.56, 41), (1.0, 60)])
def test_a_region_of_fine_images_is_looked_up_where_it_lies_at_the_working_scale(gsd_m, left):
    change_map = map_change(to_pixels(land()), to_pixels(land(seed=1)), gsd_m)
    mask, (top, column) = change_map.at_working_scale(np.ones((80, 40), np.bool_), 100, left)
    scale = change_map.working_gsd_m(gsd_m) / gsd_m
    assert (top, column) == pytest.approx((100 / scale, left / scale), abs=1)
    assert mask.shape == pytest.approx((80 / scale, 40 / scale), abs=1)
    assert mask.mean() > 0.9


def test_log_odds_are_linear_in_the_scaled_descriptors_up_to_three_spreads():
    ones = np.ones(len(NAMES), np.float32)
    model = KindModel(NAMES, ones, 2 * ones, np.ones((len(KINDS), len(NAMES))), np.arange(len(KINDS)))
    np.testing.assert_allclose(kind_odds(3 * ones, model), len(NAMES) + np.arange(len(KINDS)))
    np.testing.assert_allclose(kind_odds(100 * ones, model), 3 * len(NAMES) + np.arange(len(KINDS)))


def test_the_shipped_model_is_of_this_releases_descriptors_and_kinds():
    shipped = kind_model()
    assert shipped.weights.shape == (len(KINDS), len(NAMES))
    assert (shipped.spread > 0).all()
