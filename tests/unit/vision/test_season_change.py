"""A pair of bands held against the same season of earlier years: what is told, and what is as it is every year."""

from functools import cache

import numpy as np
import pytest

from chalicelib.application.ports.compare import Seasons
from chalicelib.domain.changes import Reason, may_hold_later
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.bands import pack
from chalicelib.vision.changes import compare
from tests.support.builders.band_land import (
    CLOUD,
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

VIEW = View(tile=Tile(15, 23022, 14614), tile_px=128, margin_px=16)  # 9 m a pixel
CROP, WOOD = (30, 40, 14, 12), (90, 90, 14, 12)
GREEN = painted(painted(fields(VIEW.size_px), CROP, PLANTS), WOOD, PLANTS)
HARVESTED = painted(GREEN, CROP, SOIL)
CLEARED = painted(HARVESTED, WOOD, SOIL)
DARK = tuple(0.8 * value for value in SOIL)
LEAFLESS = tuple(0.3 * plants + 0.7 * soil for plants, soil in zip(PLANTS, SOIL, strict=True))
LANDS = {"green": GREEN, "harvested": HARVESTED, "cleared": CLEARED, "under cloud": HARVESTED}
LANDS |= {"built": painted(HARVESTED, CROP, ROOF), "flooded": painted(GREEN, CROP, WATER)}
LANDS |= {"leafless": painted(HARVESTED, WOOD, LEAFLESS), "cleared leafless": painted(HARVESTED, WOOD, DARK)}
EVERY_YEAR = ["harvested"] * 6


@cache
def stored(name, seed):
    measured = seen(LANDS[name], seed=seed)
    classes = np.full(measured.shape[:2], 5, np.uint16)
    classes[20:70, 20:70] = CLOUD if name == "under cloud" else 5
    return png(picture_of(measured)), pack(layers_of(measured, classes=classes))


def compared(before, after, others, *, seasons=None, older=(), doubted=()):
    reference, newer = stored(before, 8), stored(after, 7)
    older_bands = [lambda name=name, n=n: stored(name, n)[1] for n, name in enumerate(older, 20)]
    if others is not None:
        readers = [
            lambda name=name, n=n: None if name == "lost" else stored(name, n)[1] for n, name in enumerate(others)
        ]
        seasons = Seasons(3, readers)
    return compare(
        reference[0],
        newer[0],
        view=VIEW,
        area=EVERYWHERE,
        thresholds=Thresholds(min_changed_area_m2=2_000),
        bands=(reference[1], newer[1]),
        older_bands=older_bands,
        doubted=[region.outline for region in doubted],
        seasons=seasons,
    )


def covers(region, box):
    left, top, width, height = box
    lon, lat = VIEW.lonlat(left + width / 2, top + height / 2)
    return region.bounds.west < lon < region.bounds.east and region.bounds.south < lat < region.bounds.north


@pytest.mark.parametrize("before", ["green", "flooded"])
def test_a_harvest_or_a_flood_of_every_year_alerts_by_the_pair_and_not_by_the_season(before):
    assert any(covers(region, CROP) for region in compared(before, "harvested", None).regions)
    found = compared(before, "harvested", EVERY_YEAR)
    assert not found.regions
    assert [region.reason for region in found.ignored if covers(region, CROP)] == [Reason.SEASON_LIKE]
    assert found.earlier_years == 3


def test_what_is_built_on_the_field_of_a_season_is_told():
    found = compared("green", "built", EVERY_YEAR)
    assert [covers(region, CROP) for region in found.regions] == [True]


def test_what_is_cleared_in_that_season_is_told():
    found = compared("green", "cleared", EVERY_YEAR)
    assert [covers(region, WOOD) for region in found.regions] == [True]


def test_trees_without_leaves_in_that_season_are_told_from_what_is_cleared():
    found = compared("leafless", "cleared leafless", ["leafless"] * 6)
    assert [covers(region, WOOD) for region in found.regions] == [True]


def test_a_cloud_that_was_missed_in_an_earlier_year_makes_no_season():
    assert compared("green", "cleared", [*["harvested"] * 5, "cleared"]).regions


@pytest.mark.parametrize("others", [EVERY_YEAR[:2], [*EVERY_YEAR[:2], "lost", "lost"], []])
def test_with_fewer_than_three_images_the_pair_judges(others):
    assert any(covers(region, CROP) for region in compared("green", "harvested", others).regions)


def test_images_that_a_cloud_hid_there_say_nothing():
    hidden = compared("green", "harvested", ["under cloud"] * 4)
    assert any(covers(region, CROP) for region in hidden.regions)


RESTLESS = ["green", "green", "harvested", "green"]  # newest first: the field was bare at another time of the year


def cleared_on_restless_ground(others, *, then, others_then):
    """Compare what was sown and is bare now with the image before, and then the next one with that."""
    first = compared("green", "harvested", others, older=RESTLESS)
    assert not any(covers(region, CROP) for region in first.regions), "one image says too little of such ground"
    doubted = [region for region in first.ignored if may_hold_later(region.reason, region.score)]
    return compared("harvested", then, others_then, older=RESTLESS, doubted=doubted)


def test_what_was_never_bare_in_that_season_is_told_by_the_second_image_that_shows_it():
    never = ["green"] * 6
    found = cleared_on_restless_ground(never, then="harvested", others_then=never)
    assert [(covers(region, CROP), region.is_confirmed) for region in found.regions] == [(True, True)]


@pytest.mark.parametrize("others", [None, ["green"] * 2, EVERY_YEAR, [*["green"] * 3, *["harvested"] * 3]])
def test_without_earlier_years_or_like_one_of_them_it_is_what_that_ground_does_anyway(others):
    assert not cleared_on_restless_ground(others, then="harvested", others_then=others).regions


def test_what_is_gone_again_in_the_second_image_was_nothing():
    never = ["green"] * 6
    assert not cleared_on_restless_ground(never, then="green", others_then=never).regions


def test_nothing_is_read_where_nothing_changed():
    def fail():
        raise AssertionError("read")

    found = compared("green", "green", None, seasons=Seasons(3, [fail] * 3))
    assert found.earlier_years == 3
