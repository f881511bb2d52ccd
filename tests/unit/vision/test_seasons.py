"""Plants that are gone, by the same season of earlier years: what counts as evidence, and what does not."""

import numpy as np
import pytest

from chalicelib.vision.seasons import MOST_EVIDENCE, SURE, cleared_evidence

YEAR = 365.25
DAYS = np.arange(0, 4.5 * YEAR, 5)
CLEARED_AT = 4 * YEAR - 100
BARE = 0.13


def crop(pixels=40, *, seed=1):
    """One crop a year over soil, sown up to ten days early or late."""
    random = np.random.default_rng(seed)
    late = random.normal(0, 5, (pixels, 6))[:, (DAYS // YEAR).astype(int)]
    apart = (DAYS % YEAR)[None] - 250 - late
    return 0.22 + 0.5 * np.exp(-0.5 * (apart / 30) ** 2) + random.normal(0, 0.02, apart.shape)


def wood(pixels=40, *, seed=1):
    random = np.random.default_rng(seed)
    return 0.75 + 0.05 * np.sin(2 * np.pi * DAYS / YEAR) + random.normal(0, 0.02, (pixels, DAYS.size))


def cleared(index, at=CLEARED_AT, *, seed=2):
    random = np.random.default_rng(seed)
    return np.where(at <= DAYS, BARE + random.normal(0, 0.03, index.shape), index)


def surest(index, since=CLEARED_AT, until=CLEARED_AT + 100, **how):
    during = (since <= DAYS) & (until > DAYS)
    return cleared_evidence(DAYS, index, **how)[:, during].max(axis=1)


@pytest.mark.parametrize("land", [crop, wood])
def test_what_is_cleared_is_sure_within_a_hundred_days(land):
    assert np.mean(surest(cleared(land())) >= SURE) > 0.95


@pytest.mark.parametrize("land", [crop, wood])
def test_ground_that_is_as_it_was_is_not(land):
    assert np.mean(cleared_evidence(DAYS, land())[:, DAYS > 3 * YEAR].max(axis=1) >= SURE) < 0.05


def test_a_crop_that_is_harvested_each_year_is_not_cleared_and_the_fallow_soil_of_a_wood_is():
    harvested = (YEAR * 4 - 60 < DAYS) & (YEAR * 4 > DAYS)
    as_soil = np.where(harvested, BARE, wood())
    assert (surest(as_soil, YEAR * 4 - 60, YEAR * 4) >= SURE).all()
    assert np.mean(surest(crop(), YEAR * 4 - 60, YEAR * 4) >= SURE) < 0.05


def test_one_pass_that_looks_bare_is_a_cloud_that_leaked():
    leaked = wood()
    leaked[:, np.searchsorted(DAYS, CLEARED_AT)] = BARE
    assert (surest(leaked) < SURE).all()


def test_what_comes_later_says_nothing_of_a_day():
    index = cleared(wood())
    at = np.searchsorted(DAYS, CLEARED_AT) + 6
    later = index.copy()
    later[:, at + 1 :] = 0.9
    assert np.array_equal(cleared_evidence(DAYS, index)[:, : at + 1], cleared_evidence(DAYS, later)[:, : at + 1])


def test_without_an_earlier_year_nothing_is_said():
    young = (DAYS > CLEARED_AT - 200) & (DAYS < CLEARED_AT + 120)
    assert not cleared_evidence(DAYS[young], cleared(wood())[:, young]).any()


def test_one_earlier_year_is_enough_for_a_wood():
    young = DAYS > CLEARED_AT - 400
    evidence = cleared_evidence(DAYS[young], cleared(wood())[:, young])
    assert np.mean(evidence.max(axis=1) >= SURE) > 0.9


def test_passes_that_are_not_clear_leave_the_evidence_as_it_is():
    index = cleared(wood(pixels=3))
    at = np.searchsorted(DAYS, CLEARED_AT) + 6
    index[:, at : at + 5] = np.nan
    evidence = cleared_evidence(DAYS, index)
    assert (evidence[:, at : at + 5] == evidence[:, at - 1 : at]).all()


def test_a_pixel_that_was_never_seen_and_values_out_of_range_are_no_evidence():
    index = np.full((2, DAYS.size), np.nan)
    index[1] = 5.0
    evidence = cleared_evidence(DAYS, index)
    assert not evidence.any()


def test_it_begins_where_it_is_told_to_and_ends_at_the_most():
    index, first = cleared(wood(pixels=3)), int(np.searchsorted(DAYS, 3.5 * YEAR))
    evidence = cleared_evidence(DAYS, index, first)
    assert not evidence[:, :first].any()
    assert evidence.max() == MOST_EVIDENCE
