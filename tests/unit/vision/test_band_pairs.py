"""Two stored images with bands: what is compared is the bands, held against those of older images."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.bands import pack
from chalicelib.vision.changes import compare, compare_with_baseline
from tests.support.builders.band_land import (
    CLEAR,
    CLOUD,
    MEADOW,
    PLANTS,
    ROOF,
    SOIL,
    WATER,
    fields,
    layers_of,
    painted,
    picture_of,
    seen,
)
from tests.support.builders.land import EVERYWHERE, png

VIEW = View(tile=Tile(14, 11511, 7307), tile_px=256, margin_px=32)  # 9 m a pixel
SIDE = VIEW.size_px
ALL = Thresholds(min_changed_area_m2=400)
BOX, SMALL = (150, 160, 14, 12), (150, 160, 3, 2)  # 13 700 m2; 490 m2
GROUND = painted(fields(SIDE), (130, 140, 60, 60), MEADOW)
BUILT = painted(GROUND, BOX, ROOF)
GONE = (*MEADOW[:3], 0.12, 0.12, 0.10)  # the same true colour, and no plants


def stored(ground, *, seed, picture=None, **how):
    """Give an image and its bands as they are stored; its picture may show other ground."""
    coding = {key: how.pop(key) for key in ("classes", "without") if key in how}
    measured = seen(ground, seed=seed, **how)
    shown = measured if picture is None else seen(picture, seed=seed, **how)
    return png(picture_of(shown)), pack(layers_of(measured, **coding))


def compared(before, after, *, older=(), thresholds=ALL):
    return compare(
        before[0],
        after[0],
        view=VIEW,
        area=EVERYWHERE,
        thresholds=thresholds,
        older=[lambda image=image: image[0] for image in older],
        bands=(before[1], after[1]),
        older_bands=[lambda image=image: image[1] for image in older],
    )


def covers(region, box=BOX):
    left, top, width, height = box
    lon, lat = VIEW.lonlat(left + width / 2, top + height / 2)
    return region.bounds.west < lon < region.bounds.east and region.bounds.south < lat < region.bounds.north


@pytest.mark.parametrize("now", [ROOF, GONE])
def test_what_the_bands_show_is_found_whatever_the_pictures_show(now):
    after = stored(painted(GROUND, BOX, now), seed=3, picture=GROUND)
    found = compared(stored(GROUND, seed=2), after)
    assert [covers(region) for region in found.regions] == [True]
    assert 10_000 < found.regions[0].area_m2 < 26_000, "the blur of two passes is part of it"
    assert found.clear_share > 0.98


def test_what_only_the_pictures_show_is_not():
    after = stored(GROUND, seed=3, picture=BUILT)
    assert not compared(stored(GROUND, seed=2), after).regions


@pytest.mark.parametrize("air", [{"gain": 0.7}, {"gain": 1.2, "haze": 0.04}])
def test_another_tone_is_no_change(air):
    found = compared(stored(GROUND, seed=2), stored(GROUND, seed=3, **air))
    assert not found.regions
    assert found.clear_share > 0.98


@pytest.mark.parametrize("missing", ["red", "nir", "swir16"])
def test_where_one_of_the_two_has_not_the_bands_for_it_the_pictures_are_compared(missing):
    before = stored(GROUND, seed=2)
    with_infrared_only = stored(painted(GROUND, BOX, GONE), seed=3, picture=GROUND, without=(missing,))
    assert not compared(before, with_infrared_only).regions
    assert compared(before, stored(BUILT, seed=3, without=(missing,))).regions
    assert compared((before[0], None), stored(BUILT, seed=3)).regions


def test_less_than_2000_m2_is_seen_and_not_told():
    found = compared(stored(GROUND, seed=2), stored(painted(GROUND, SMALL, ROOF), seed=3))
    assert not found.regions
    assert [region.reason for region in found.ignored if covers(region, SMALL)] == [Reason.BELOW_SIZE]


def test_a_cloud_hides_the_ground_of_its_bands():
    classes = np.full((SIDE, SIDE), CLEAR, np.uint16)
    classes[100:220, 100:220] = CLOUD
    found = compared(stored(GROUND, seed=2), stored(BUILT, seed=3, classes=classes))
    assert not found.regions
    assert found.clear_share < 0.8


def test_a_cloud_that_no_class_names_is_looked_for_in_the_picture():
    white = painted(GROUND, (60, 60, 120, 120), (0.9,) * 6)
    soft = np.dstack([cv2.GaussianBlur(white[..., at], (0, 0), 12) for at in range(6)])
    found = compared(stored(GROUND, seed=2, classes=0), stored(soft, seed=3, classes=0))
    assert found.clear_share < 0.95


class TestHeldAgainstOlderImages:
    older = (stored(GROUND, seed=4), stored(GROUND, seed=5, gain=0.8), stored(GROUND, seed=6, haze=0.02))

    def test_what_none_of_them_shows_counts_surer(self):
        pair = stored(GROUND, seed=2), stored(BUILT, seed=3)
        [alone], [held] = compared(*pair).regions, compared(*pair, older=self.older).regions
        assert (held.older, held.held_against) == (3, 3)
        assert held.score > alone.score

    def test_what_the_one_before_shows_does_not_hold(self):
        found = compared(stored(GROUND, seed=2), stored(BUILT, seed=3), older=(stored(BUILT, seed=7), *self.older))
        assert not found.regions
        assert [region.reason for region in found.ignored if covers(region)] == [Reason.DOES_NOT_HOLD]

    def test_one_without_bands_and_one_of_other_pixels_are_no_witnesses(self):
        coarse = (self.older[0][0], pack(layers_of(seen(fields(SIDE // 2), seed=4))))
        found = compared(stored(GROUND, seed=2), stored(BUILT, seed=3), older=((self.older[0][0], None), coarse))
        assert [region.older for region in found.regions] == [0]


def test_slow_change_is_seen_by_the_bands_too():
    between = [stored(BUILT, seed=5), stored(GROUND, seed=6), stored(GROUND, seed=7)]
    baseline, after = stored(GROUND, seed=2), stored(BUILT, seed=3, picture=GROUND)
    found = compare_with_baseline(
        baseline[0],
        after[0],
        view=VIEW,
        area=EVERYWHERE,
        thresholds=ALL,
        between=[lambda image=image: image[0] for image in between],
        bands=(baseline[1], after[1]),
        between_bands=[lambda image=image: image[1] for image in between],
    )
    assert [covers(region) for region in found.regions] == [True]
    assert found.regions[0].held_against == 3


def seen_again(was, now):
    """What the next image shows of a change from one ground to another that was doubted when it came."""
    older = [stored(painted(GROUND, BOX, was), seed=seed) for seed in (5, 6, 7)]
    before, after = (stored(painted(GROUND, BOX, now), seed=seed) for seed in (3, 4))
    (outline,) = [
        each.outline for each in compared(older[0], before).regions + compared(older[0], before).ignored if covers(each)
    ]
    return compare(
        before[0],
        after[0],
        view=VIEW,
        area=EVERYWHERE,
        thresholds=ALL,
        older=[lambda image=image: image[0] for image in older],
        doubted=[outline],
        bands=(before[1], after[1]),
        older_bands=[lambda image=image: image[1] for image in older],
    )


def test_plants_that_grew_are_like_the_season_in_the_next_image_too():
    found = seen_again(SOIL, PLANTS)
    assert not found.regions
    assert [each.reason for each in found.ignored if covers(each)] == [Reason.SEASON_LIKE]


def test_what_is_confirmed_has_the_kind_of_what_the_reference_showed_first():
    (region,) = seen_again(PLANTS, SOIL).regions
    assert region.is_confirmed
    assert region.kind == "bare_earth"


@pytest.mark.parametrize(("was", "now", "reason"), [(SOIL, PLANTS, Reason.SEASON_LIKE), (PLANTS, SOIL, None)])
def test_plants_that_grew_are_like_the_season_and_those_that_are_gone_are_not(was, now, reason):
    before, after = (stored(painted(GROUND, BOX, each), seed=seed) for seed, each in enumerate((was, now), 2))
    found = compared(before, after)
    assert [region.reason for region in (*found.regions, *found.ignored) if covers(region)] == [reason]


@pytest.mark.parametrize(
    ("was", "now", "asked", "is_told"),
    [
        (SOIL, WATER, DEFAULT_ALERT_KINDS, False),
        (SOIL, WATER, {Kind.WATER_GAINED}, True),
        (WATER, SOIL, DEFAULT_ALERT_KINDS, True),
        (WATER, SOIL, DEFAULT_ALERT_KINDS - {Kind.WATER_LOST}, False),
        (PLANTS, SOIL, {Kind.WATER_LOST}, True),  # what it became bands tell less well than that it is no water
    ],
)
def test_an_area_chooses_whether_water_that_came_or_went_is_told(was, now, asked, is_told):
    before, after = (stored(painted(GROUND, BOX, each), seed=seed) for seed, each in enumerate((was, now), 2))
    found = compared(before, after, thresholds=replace(ALL, alert_kinds=frozenset(asked)))
    reason = None if is_told else Reason.KIND_NOT_ASKED_FOR
    assert [region.reason for region in (*found.regions, *found.ignored) if covers(region)] == [reason]
