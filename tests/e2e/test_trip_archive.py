"""The whole trip over HTTP on real pairs, on both databases."""

import pytest

from tests.e2e.trip_archive import walk
from tests.support.running.pairs import real_pairs, rendered_pairs

ONE_TICK = "rate(1 day)"  # the clock opens no session between two taps: each session is a tap's


@pytest.fixture
def pairs(tmp_path, capsys):
    real = real_pairs(3, seed=1)
    if not real:
        with capsys.disabled():
            print("\nTHE REAL PAIRS ARE NOT HERE (../shared/change-pairs): a small rendered archive takes their place")
        return rendered_pairs(tmp_path)
    return real


def test_real_changes_are_found_and_nothing_else(tmp_path, database_url, pairs):
    missed = walk(pairs, tmp_path, database_url=database_url, capture_schedule=ONE_TICK)
    assert missed == []


def test_a_checkout_without_the_real_pairs_has_rendered_ones_that_changed(tmp_path):
    assert [pair.changed_m2 > 400 for pair in rendered_pairs(tmp_path)] == [True] * 3
