"""The change map of pairs whose change is known: none, a house, a shift, ground that one of the two does not show."""

import cv2
import numpy as np
import pytest

from chalicelib.vision.change_map import ChangeMap, clear_mask, map_change, register_pair, working_size
from chalicelib.vision.features import feature_maps
from chalicelib.vision.network import log_odds
from chalicelib.vision.pixels import to_pixels
from tests.support.builders.land import grained, house, land

UNKNOWN = -30
HOUSE = (slice(60, 78), slice(70, 94))


def blind(image, columns):
    """The image without data in some columns."""
    alpha = np.full(image.shape[:2], 255, np.uint8)
    alpha[:, columns] = 0
    return to_pixels(np.dstack([image, alpha]))


def clouded(image):
    """The image with a cloud from column 100 on."""
    cloud = image.copy()
    cloud[:, 100:] = np.clip(245 + np.random.default_rng(2).normal(0, 2, (*cloud[:, 100:].shape[:2], 1)), 0, 255)
    return cloud


def both(before, after, gsd_m=1.0):
    return map_change(to_pixels(before), to_pixels(after), gsd_m)


@pytest.mark.parametrize(
    ("height", "width", "gsd_m", "size"),
    [
        (640, 640, 0.5, (320, 320)),  # to a metre a pixel
        (640, 320, 0.25, (80, 160)),
        (640, 640, 10.0, (640, 640)),  # never larger
        (100, 100, 0.1, (64, 64)),  # the windows need some ground
        (40, 40, 0.1, (40, 40)),
        (4096, 2048, 1.0, (512, 1024)),  # and a large one costs no more than this
    ],
)
def test_the_working_scale_is_about_a_metre_a_pixel(height, width, gsd_m, size):
    assert working_size(height, width, gsd_m) == size


def test_the_same_image_is_no_change_anywhere_and_all_clear():
    found = both(land(160), land(160))
    assert found.odds.shape == found.clear.shape == (160, 160)
    assert found.odds.max() < 0
    assert found.clear.all()


def test_a_new_house_is_where_the_log_odds_are_high():
    found = both(land(160), house(land(160), 70, 60))
    assert np.median(found.odds[HOUSE]) > 2
    far = found.odds.copy()
    far[35:105, 45:120] = UNKNOWN
    assert far.max() < 1


def test_either_order_gives_the_same_map_to_the_bit():
    before = land(160)
    after = cv2.warpAffine(house(before, 70, 60), np.float32([[0.9, 0, 1.3], [0, 0.9, -0.7]]), (160, 160))
    one, other = both(before, after), both(after, before)
    assert np.array_equal(one.odds, other.odds)
    assert np.array_equal(one.pair.one, other.pair.one)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("blinded", [0, 1])
def test_ground_that_one_image_does_not_show_is_unknown_and_not_clear(order, blinded):
    pair = [to_pixels(land(160)), to_pixels(house(land(160), 70, 60))]
    pair[blinded].valid[:, :50] = False
    found = map_change(*pair[::order], 1.0)
    assert (found.odds[:, :50] == UNKNOWN).all()
    assert (found.odds[:, 60:] > UNKNOWN).all()
    assert not found.clear[:, :50].any()
    assert found.clear[:, 60:].all()


def test_where_nothing_can_be_seen_nothing_is_known():
    found = map_change(blind(land(96), slice(0, 96)), to_pixels(land(96)), 1.0)
    assert found.pair is None
    assert (found.odds == UNKNOWN).all()
    assert not found.clear.any()


def test_a_strip_too_thin_to_compare_is_not_clear():
    pixels = blind(land(96), slice(0, 96))
    pixels.valid[:, 50:52] = True
    found = map_change(pixels, to_pixels(land(96)), 1.0)
    assert (found.odds.max(), found.clear.any()) == (UNKNOWN, False)


def test_ground_under_a_cloud_in_one_image_is_unknown_and_not_clear():
    for pair in ([clouded(land(160)), land(160)], [land(160), clouded(land(160))]):
        found = both(*pair)
        assert (found.odds[:, 120:] == UNKNOWN).all()
        assert not found.clear[:, 120:].any()
        assert found.clear[:, :80].all()


def test_the_log_odds_are_the_mean_of_what_the_network_says_around_a_pixel():
    found = both(land(160), house(land(160), 70, 60))
    pair = found.pair
    maps = feature_maps(pair.one, pair.two, pair.grey_one, pair.grey_two, pair.usable)
    said = log_odds(maps, (160, 160))
    for row, column in ((69, 82), (60, 70), (120, 30)):
        around = said[row - 3 : row + 4, column - 3 : column + 4]
        assert found.odds[row, column] == pytest.approx(around.mean(), abs=1e-3)
        assert around.std() > 0.01


def test_a_finer_pair_is_looked_at_at_the_working_scale():
    found = both(land(256), land(256), 0.5)
    assert (found.odds.shape, found.clear.shape) == ((128, 128), (256, 256))
    assert found.working_gsd_m(0.5) == 1.0


def test_two_images_that_are_shifted_are_laid_on_each_other():
    def apart(one, two):
        return float(np.abs(one.astype(float) - two)[20:-20, 20:-20].mean())

    before, after = land(160), cv2.warpAffine(land(160), np.float32([[1, 0, 3], [0, 1, -2]]), (160, 160))
    pair = register_pair(to_pixels(before), to_pixels(after), 1.0)
    assert apart(pair.one, pair.two) < 0.2 * apart(before, after)


def test_each_pixel_of_an_image_has_the_log_odds_of_the_map_under_it():
    odds = np.arange(6, dtype=np.float32).reshape(2, 3)
    change_map = ChangeMap(odds, np.ones((4, 6), np.bool_), None)
    whole = change_map.odds_under(np.ones((4, 6), np.bool_), 0, 0).reshape(4, 6)
    assert whole.tolist() == np.repeat(np.repeat(odds, 2, axis=0), 2, axis=1).tolist()
    corner = change_map.odds_under(np.array([[True, False], [True, True]]), 1, 3)
    assert corner.tolist() == [1, 4, 5]


def test_what_one_image_shows_is_what_has_data_and_is_no_cloud():
    clear = clear_mask(blind(clouded(land(160)), slice(0, 30)), 1.0)
    assert not clear[:, :30].any()
    assert clear[:, 40:80].all()
    assert not clear[:, 110:].any()


def test_a_flat_image_may_be_water_and_is_clear():
    assert clear_mask(to_pixels(grained(np.full((96, 96, 3), 60, np.uint8))), 1.0).all()


def test_of_a_grey_image_and_one_in_colour_only_the_greys_are_compared():
    ground = land(160)
    built = ground.copy()
    built[60:78, 70:94] = 235
    built[78:84, 74:98] = 30
    grey = cv2.cvtColor(cv2.cvtColor(ground, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert both(grey, ground).odds.max() < both(ground, ground).odds.max() + 1
    assert np.median(both(grey, built).odds[60:78, 70:94]) > 3
