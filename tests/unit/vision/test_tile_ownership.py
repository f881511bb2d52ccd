"""Which regions count for a tile: squares on a tile of 64 px with a margin of 16, so its ground is pixel 16 to 79."""

import numpy as np
import pytest

from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.pixels import watched_mask
from chalicelib.vision.regions import PixelRegion
from chalicelib.vision.tile_ownership import is_inside, lies_along_unseen, owned_regions
from tests.support.builders.land import EVERYWHERE

VIEW = View(tile=Tile(18, 193_576, 115_950), tile_px=64, margin_px=16)  # 96 px, 0.56 m * 4 = 2.2 m each
WEST_HALF = Bounds(-180, -85, VIEW.lonlat(48, 0)[0], 85)  # ends in the middle of the tile, at column 48
ROWS = slice(40, 50)


def owned(columns, *, rows=ROWS, area=EVERYWHERE, unseen=slice(0, 0)):
    """Give (left, top, width, height) of the regions that count, of one that was marked and is surely changed."""
    mask, clear = np.zeros((96, 96), np.uint8), np.ones((96, 96), np.bool_)
    mask[rows, columns] = 255
    clear[:, unseen] = False
    change_map = ChangeMap(odds=np.full((96, 96), 3.0, np.float32), clear=clear, pair=None)
    found = list(owned_regions(mask, change_map, VIEW, watched_mask(VIEW, area)))
    assert all(region.mask.all() for region in found), "a square is a square"
    return [(region.left, region.top, region.mask.shape[1], region.mask.shape[0]) for region in found]


def test_a_region_on_the_tile_counts_as_it_is():
    assert owned(slice(30, 38)) == [(30, 40, 8, 10)]


def test_a_region_in_the_margin_is_the_neighbours():
    assert owned(slice(4, 10)) == []


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        (slice(10, 21), []),  # its middle is column 15.5
        (slice(11, 21), [(11, 40, 10, 10)]),  # 16.0
        (slice(11, 22), [(11, 40, 11, 10)]),  # 16.5: whole, also what lies in the margin
        (slice(74, 85), [(74, 40, 11, 10)]),  # 79.5
        (slice(75, 85), []),  # 80.0
        (slice(75, 86), []),  # 80.5
    ],
)
def test_a_region_on_a_seam_counts_whole_where_its_middle_is(columns, counts):
    assert owned(columns) == counts


def test_the_same_holds_from_north_to_south():
    assert owned(ROWS, rows=slice(10, 21)) == []
    assert owned(ROWS, rows=slice(11, 22)) == [(40, 11, 10, 11)]


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        (slice(0, 20), [(16, 40, 4, 10)]),  # 4 of 20 columns are on the tile: a fifth
        (slice(0, 19), []),  # 3 of 19
        (slice(50, 96), [(50, 40, 30, 10)]),
    ],
)
def test_of_a_region_that_the_rim_cuts_the_tiles_part_counts_unless_it_is_little(columns, counts):
    assert owned(columns) == counts


@pytest.mark.parametrize(("rows", "counts"), [(slice(0, 40), [(40, 16, 10, 24)]), (slice(60, 96), [(40, 60, 10, 20)])])
def test_the_upper_and_the_lower_rim_cut_too(rows, counts):
    assert owned(ROWS, rows=rows) == counts


def test_unseen_ground_cuts_a_region_as_the_rim_does():
    assert owned(slice(10, 30)) == [(10, 40, 20, 10)]
    assert owned(slice(10, 30), unseen=slice(33, 40)) == [(16, 40, 14, 10)], "within four pixels"
    assert owned(slice(10, 30), unseen=slice(34, 40)) == [(10, 40, 20, 10)], "farther away"


def test_what_lies_outside_the_area_does_not_count():
    assert owned(slice(40, 56), area=WEST_HALF) == [(40, 40, 8, 10)]
    assert owned(slice(50, 56), area=WEST_HALF) == []


@pytest.mark.parametrize(("unseen", "is_along"), [(38, True), (39, False)])
def test_a_region_lies_along_unseen_ground_if_half_of_it_is_within_four_pixels(unseen, is_along):
    clear = np.ones((96, 96), np.bool_)
    clear[:, unseen:] = False
    region = PixelRegion(left=30, top=40, mask=np.ones((10, 8), np.bool_), score=1.0)  # columns 30 to 37
    assert lies_along_unseen(region, clear, VIEW.gsd_m) is is_along


@pytest.mark.parametrize(
    ("point", "everywhere", "west_half"),
    [
        ((16.0, 16.0), True, True),
        ((15.9, 16.0), False, False),
        ((47.9, 79.9), True, True),
        ((48.0, 79.9), True, False),
        ((79.9, 79.9), True, False),
        ((80.0, 79.9), False, False),
        ((16.0, 80.0), False, False),
    ],
)
def test_a_point_is_inside_on_the_tile_and_in_the_area(point, everywhere, west_half):
    assert is_inside(VIEW, watched_mask(VIEW, EVERYWHERE), point) is everywhere
    assert is_inside(VIEW, watched_mask(VIEW, WEST_HALF), point) is west_half
