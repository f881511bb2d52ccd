"""The network's answer, against the same sum written out for one pixel."""

import numpy as np
import pytest

from chalicelib.vision.features import FeatureMap
from chalicelib.vision.network import log_odds, network

SHAPE = (30, 41)  # 1,230 pixels: more than two batches, and the last is not full


def maps(values):
    """Give feature maps of a table (maps, pixels)."""
    return [FeatureMap(name, row.reshape(SHAPE)) for name, row in zip(network().maps, values, strict=True)]


def table():
    return np.random.default_rng(4).normal(0, 2, (len(network().maps), SHAPE[0] * SHAPE[1])).astype(np.float32)


def by_hand(pixel):
    """Say what the network says of one pixel, number by number."""
    fitted = network()
    total = float(fitted.bias)
    for weights, bias, out in zip(fitted.first, fitted.first_bias, fitted.second, strict=True):
        hidden = float(bias) + sum(float(w) * float(x) for w, x in zip(weights, pixel, strict=True))
        total += float(out) * max(0.0, hidden)
    return total


def test_each_pixel_has_the_answer_that_its_own_features_give():
    given = table()
    odds = log_odds(maps(given), SHAPE)
    assert (odds.shape, odds.dtype) == (SHAPE, np.float32)
    for place in (0, 1, 479, 480, 960, given.shape[1] - 1):
        assert odds.ravel()[place] == pytest.approx(by_hand(given[:, place]), abs=1e-3)
    assert min(by_hand(given[:, place]) for place in range(40)) < 0 < max(by_hand(given[:, p]) for p in range(40))


def test_a_single_number_stands_for_a_map_that_is_the_same_everywhere():
    given = table()
    given[3] = 0.75
    whole, short = maps(given), maps(given)
    short[3] = FeatureMap(short[3].name, np.float32(0.75))
    assert np.array_equal(log_odds(whole, SHAPE), log_odds(short, SHAPE))


@pytest.mark.parametrize("count", [-1, 1])
def test_another_number_of_maps_is_refused(count):
    given = maps(table())
    given = given[:-1] if count < 0 else [*given, given[0]]
    with pytest.raises(ValueError, match="zip"):
        log_odds(given, SHAPE)
