"""What bands say of an image: ground under clouds is not seen, whatever the picture looks like."""

import numpy as np
import pytest

from chalicelib.domain.bands import CLASS, LAYERS, UNSEEN, UNSEEN_AROUND_M
from chalicelib.domain.errors import BadImage
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.bands import pack
from chalicelib.vision.changes import compare, compare_with_baseline
from chalicelib.vision.gate import inspect
from tests.support.builders.land import EVERYWHERE, house, png, terms, village

VIEW = View(tile=Tile(13, 5755, 3653), tile_px=512, margin_px=64)  # 9 m a pixel
OPEN = terms(sends_placeholders=False)
ALL = Thresholds(min_changed_area_m2=2000)
SIDE = VIEW.size_px
CLOUD, SOIL = 9, 5


def bands(classes=None, *, side=SIDE):
    layers = np.full((len(LAYERS), side, side), 2000, np.uint16)
    layers[LAYERS.index(CLASS)] = SOIL if classes is None else classes
    return pack(layers)


def cloudy(west=0, east=SIDE, *, number=CLOUD):
    classes = np.full((SIDE, SIDE), SOIL, np.uint16)
    classes[:, west:east] = number
    return classes


def test_an_image_without_bands_or_without_classes_shows_all_of_its_ground():
    land = png(village(SIDE, seed=1))
    shares = {inspect(land, VIEW, EVERYWHERE, OPEN, each).clear_share for each in (None, bands(0), bands())}
    assert len(shares) == 1
    assert shares.pop() > 0.95


@pytest.mark.parametrize("number", UNSEEN)
def test_half_a_tile_that_is_called_hidden_is_half_seen(number):
    found = inspect(png(village(SIDE, seed=1)), VIEW, EVERYWHERE, OPEN, bands(cloudy(0, SIDE // 2, number=number)))
    around_px = UNSEEN_AROUND_M / VIEW.gsd_m
    assert 0.5 - (around_px + 8) / VIEW.tile_px <= found.clear_share <= 0.5


@pytest.mark.parametrize("number", [0, 12, 255])
def test_ground_that_has_no_class_where_the_rest_has_one_is_not_seen(number):
    found = inspect(png(village(SIDE, seed=1)), VIEW, EVERYWHERE, OPEN, bands(cloudy(0, SIDE // 2, number=number)))
    assert 0.45 <= found.clear_share <= 0.5


def test_the_bands_are_stored_as_they_came_and_the_picture_keeps_what_it_shows():
    content, of_it = png(village(SIDE, seed=1)), bands(cloudy())
    found = inspect(content, VIEW, EVERYWHERE, OPEN, of_it)
    assert (found.content, found.bands, found.clear_share) == (content, of_it, 0)


def test_bands_that_are_none_are_not_let_through():
    with pytest.raises(BadImage, match="bands"):
        inspect(png(village(SIDE, seed=1)), VIEW, EVERYWHERE, OPEN, png(village(SIDE, seed=1)))


def test_coarse_bands_hide_the_ground_that_they_cover():
    classes = np.full((SIDE // 4, SIDE // 4), SOIL, np.uint16)
    classes[:, : SIDE // 8] = CLOUD
    found = inspect(png(village(SIDE, seed=1)), VIEW, EVERYWHERE, OPEN, bands(classes, side=SIDE // 4))
    assert 0.45 <= found.clear_share <= 0.5


class TestCompared:
    before = village(SIDE, seed=1)
    after = house(before, 300, 300, width=40, height=30)

    def changes(self, *of_pair):
        pair = png(self.before), png(self.after)
        return compare(*pair, view=VIEW, area=EVERYWHERE, thresholds=ALL, bands=of_pair)

    def test_what_is_built_is_found_where_both_are_clear(self):
        assert self.changes(bands(), bands()).regions
        assert self.changes(None, None).regions

    @pytest.mark.parametrize("place", [0, 1])
    def test_what_lies_under_a_cloud_of_either_is_unseen_and_no_change(self, place):
        of_pair = [bands(), bands()]
        of_pair[place] = bands(cloudy(250, 400))
        found = self.changes(*of_pair)
        assert not found.regions
        assert found.clear_share < 0.75

    def test_one_image_may_have_bands_and_the_other_none(self):
        found = self.changes(None, bands(cloudy()))
        assert not found.regions
        assert found.clear_share == 0

    def test_the_same_holds_against_the_baseline(self):
        pair = png(self.before), png(self.after)
        how = {"view": VIEW, "area": EVERYWHERE, "thresholds": ALL, "between": ()}
        assert compare_with_baseline(*pair, **how, bands=(bands(cloudy()), bands())).clear_share == 0
