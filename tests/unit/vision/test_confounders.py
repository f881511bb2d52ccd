"""What speaks against a change: in the pair itself, and in older images."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import SCORE_SHIFTS, Sensitivity, Thresholds
from chalicelib.vision.change_map import ChangeMap, WorkingPair
from chalicelib.vision.changes import compare
from chalicelib.vision.confounders import find_confounder
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.regions import MIN_SCORE, PixelRegion, classified_regions
from tests.support.builders.land import EVERYWHERE, VIEW, crop, house, land, png

ALL = Thresholds(min_changed_area_m2=25, alert_kinds=frozenset(Kind))
SPOT = (slice(120, 180), slice(120, 180))


def look(before, after, *, older=(), thresholds=ALL, doubted=()):
    reads = [lambda image=image: png(image) for image in older]
    return compare(
        png(before), png(after), view=VIEW, area=EVERYWHERE, thresholds=thresholds, older=reads, doubted=doubted
    )


def covered(image, colour, *, rough=6.0):
    """The image with a spot of one colour, as rough as a meadow."""
    grown = image.copy()
    grain = cv2.GaussianBlur(np.random.default_rng(8).normal(0, 3 * rough, (60, 60, 1)), (0, 0), 1.2)
    grown[SPOT] = np.clip(np.array(colour) + grain[..., None], 0, 255)
    return grown


def confounder(before, after, *, is_along_unseen=False):
    region = PixelRegion(SPOT[1].start, SPOT[0].start, np.ones((60, 60), bool), 0.9)
    return find_confounder(region, to_pixels(before), to_pixels(after), 0.5, is_along_unseen=is_along_unseen)


SOIL, MEADOW, WHEAT, ROOF = (80, 105, 135), (60, 110, 85), (70, 125, 100), (190, 195, 200)
POND = (77, 88, 75)  # green, but no plants


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (SOIL, MEADOW, Reason.SEASON_LIKE),
        (MEADOW, WHEAT, Reason.SEASON_LIKE),
        (MEADOW, SOIL, None),
        (MEADOW, ROOF, None),
        (SOIL, ROOF, None),
        (SOIL, POND, None),
        (MEADOW, POND, None),
    ],
)
def test_only_plants_that_grew_are_season_like(before, after, reason):
    assert confounder(covered(land(), before), covered(land(), after)) is reason


def test_a_green_roof_with_its_edges_is_not_season_like():
    assert confounder(covered(land(), SOIL), house(covered(land(), MEADOW), 130, 130, width=40, height=30)) is None


def test_a_felled_wood_is_not_season_like():
    assert confounder(covered(land(), MEADOW, rough=20), covered(land(), WHEAT, rough=1)) is None


def hazy(image):
    """The image with a thin cloud over the spot and what is beside it."""
    haze = np.zeros((*image.shape[:2], 1), np.float32)
    haze[70:230, 70:230] = 0.75
    haze = cv2.GaussianBlur(haze, (0, 0), 12)[..., None]
    return np.clip(image * (1 - haze) + 200 * haze, 0, 255).astype(np.uint8)


def test_a_thin_cloud_over_either_image_is_haze():
    before, after = land(), house(land(), 130, 130, width=30, height=24)
    assert confounder(before, hazy(after)) is Reason.HAZE
    assert confounder(hazy(before), after) is Reason.HAZE
    assert confounder(before, after) is None


def test_a_ploughed_neighbourhood_is_no_haze():
    ploughed = land()
    ploughed[70:230, 70:230] = np.array([50, 70, 90]) + np.random.default_rng(4).normal(0, 1, (160, 160, 1))
    assert confounder(land(), ploughed) is None


def test_a_region_along_unseen_ground_is_at_the_edge_of_no_data():
    assert confounder(land(), house(land(), 130, 130), is_along_unseen=True) is Reason.NO_DATA_EDGE


def test_a_small_change_at_missing_ground_is_kept_as_ignored():
    before = land()
    after = np.dstack([house(before, 140, 200), np.full((320, 320, 1), 255, np.uint8)])
    alone = look(before, after)
    after[:, 168:, 3] = 0
    cut = look(before, after)
    assert len(alone.regions) == 1
    assert {region.reason for region in cut.ignored} <= {Reason.NO_DATA_EDGE, Reason.BELOW_SCORE}
    assert sum(region.score for region in cut.regions) < alone.regions[0].score


def test_sensitivity_moves_the_score_that_is_needed_and_what_lies_between_is_below_it():
    clear = np.ones((120, 120), bool)
    r = np.random.default_rng(5)
    greys = [r.normal(0, 1, (120, 120)).astype(np.float32) for _ in range(2)]
    images = [r.uniform(90, 130, (120, 120, 3)).astype(np.float32) for _ in range(2)]
    pair = WorkingPair(*images, *greys, clear)
    reasons = set()
    for sure in np.linspace(1.3, 5, 60):
        odds = np.full((120, 120), -5, np.float32)
        odds[40:55, 40:55] = sure
        change_map = ChangeMap(odds, clear, pair)
        ((region, _),) = classified_regions(change_map, 1.0)
        found = [next(classified_regions(change_map, 1.0, MIN_SCORE + SCORE_SHIFTS[one]))[1] for one in Sensitivity]
        for reason, one in zip(found, Sensitivity, strict=True):
            is_enough = region.score >= MIN_SCORE + SCORE_SHIFTS[one]
            assert reason is (None if is_enough else Reason.BELOW_SCORE)
        reasons.add(tuple(found))
    below = Reason.BELOW_SCORE
    assert {(below, None, None), (below, below, None)} < {tuple(one) for one in reasons} | {(None,) * 3}


def test_a_house_that_no_older_image_shows_is_surer():
    before, after = land(), house(land(), 140, 200)
    (alone,), (held,) = look(before, after).regions, look(before, after, older=[before + 1, before + 2]).regions
    assert (alone.older, alone.held_against) == (0, 0)
    assert (held.older, held.held_against) == (2, 2)
    assert alone.score < held.score <= 1


def test_an_odd_reference_does_not_hold():
    odd = house(land(), 140, 200)
    change = look(odd, land(), older=[land() + 1, land() + 2])
    assert change.regions == ()
    assert [region.reason for region in change.ignored] == [Reason.DOES_NOT_HOLD]


def test_what_was_there_before_comes_back():
    change = look(land(), house(land(), 140, 200), older=[land() + 1, house(land(), 140, 200) + 1, land() + 2])
    assert change.regions == ()
    assert [region.reason for region in change.ignored] == [Reason.COMES_BACK]


def test_restless_ground_is_season_like_until_it_holds():
    years = [crop(land(), turn) for turn in range(5)]
    change = look(years[1], years[0], older=years[2:])
    assert change.regions == ()
    (field,) = [region for region in change.ignored if region.reason is Reason.SEASON_LIKE]
    older = [years[1], *years[2:]]
    again = look(years[0], years[0] + 1, older=older, doubted=[field.outline])
    assert [region.is_confirmed for region in again.regions] == [True]
    assert look(years[0], years[4], older=older, doubted=[field.outline]).regions == ()


def test_older_images_are_not_read_where_nothing_changed():
    def unread():
        raise AssertionError("read for nothing")

    change = compare(png(land()), png(land() + 1), view=VIEW, area=EVERYWHERE, thresholds=ALL, older=[unread])
    assert change.regions == ()


@pytest.mark.parametrize("lost", [None, b"", b"half", png(land(100))])
def test_an_older_image_that_is_none_says_nothing(lost):
    before, after = png(land()), png(house(land(), 140, 200))
    read = [lambda: lost, lambda: before]
    (region,) = compare(before, after, view=VIEW, area=EVERYWHERE, thresholds=ALL, older=read).regions
    assert (region.older, region.held_against) == (1, 1)
