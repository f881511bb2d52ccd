"""A mosaic of which one piece was laid on the wrong place: that ground is not seen, the rest is compared."""

import numpy as np
import pytest

from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.vision.changes import compare, detect
from chalicelib.vision.ground_match import match_ground
from chalicelib.vision.pixels import to_pixels
from tests.support.builders.land import EVERYWHERE, grained, house, png, village

VIEW = View(tile=Tile(17, 96_788, 57_975), tile_px=448, margin_px=32)  # about .64 m a pixel
SIDE, GSD_M = VIEW.size_px, VIEW.gsd_m
PARTS = {
    "the right half": np.s_[:, SIDE // 2 :],
    "the lower half": np.s_[SIDE // 2 :, :],
    "the left third": np.s_[:, : SIDE // 3],
    "a quarter": np.s_[SIDE // 2 :, SIDE // 2 :],
}
SHIFTS_M = [(18, 4), (-25, 10), (8, -28), (-20, -20)]


def mosaic(seed, part, east_m, south_m):
    """The village, of which a part shows ground that lies elsewhere."""
    image = village(SIDE, seed=seed)
    image[part] = village(SIDE, seed=seed, left=round(east_m / GSD_M), top=round(south_m / GSD_M))[part]
    return grained(image)


def look(before, after):
    return compare(png(before), png(after), view=VIEW, area=EVERYWHERE, thresholds=Thresholds(min_changed_area_m2=50))


@pytest.mark.parametrize(("east_m", "south_m"), SHIFTS_M)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_lies_elsewhere_is_not_seen_and_never_changed(part, east_m, south_m):
    before, after = village(SIDE, seed=1), mosaic(1, PARTS[part], east_m, south_m)
    share = np.zeros((SIDE, SIDE))
    share[PARTS[part]] = 1
    for pair in ((before, after), (after, before)):
        change = look(*pair)
        assert change.regions == ()
        assert change.clear_share < 1 - 0.9 * share.mean()
        assert not detect(*pair, GSD_M).any()
    assert change.clear_share > 0.3


@pytest.mark.parametrize("part", ["the right half", "the lower half"])
def test_a_house_on_the_rest_is_found(part):
    before, after = village(SIDE, seed=1), mosaic(1, PARTS[part], 24, 8)
    (region,) = look(before, house(after, 70, 110, width=40, height=30)).regions
    column, row = VIEW.pixel(*region.centroid)
    assert abs(column - 92) < 8
    assert abs(row - 127) < 8


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_built_over_lies_nowhere_else(seed, part):
    """Everything on it is new, so it changed: what it shows agrees with the older image at no displacement."""
    before = village(SIDE, seed=seed)
    after = before.copy()
    after[PARTS[part]] = village(SIDE, seed=seed + 10)[PARTS[part]]
    found = match_ground(to_pixels(before), to_pixels(grained(after)), GSD_M)
    assert found.part is None
    assert look(before, grained(after)).regions


def test_ground_that_lies_right_has_no_such_part():
    found = match_ground(to_pixels(village(SIDE)), to_pixels(house(grained(village(SIDE)), 70, 110)), GSD_M)
    assert found.part is None
