"""The fitted network: from a pair's feature maps to log-odds of change, the same for every pixel."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from chalicelib.vision.features import FeatureMap
from chalicelib.vision.pixels import Floats
from chalicelib.vision.weights import HIDDEN, NAMES, NUMBERS

# Pixels multiplied at once: OpenBLAS starts threads for a larger product, and on a machine whose other cores are busy
# they wait for each other ten times as long as the work takes.
_BATCH_PX = 480


class Network(NamedTuple):
    """Weights of one hidden layer: hidden = max(0, first @ maps + first_bias), log-odds = second @ hidden + bias."""

    first: Floats  # (hidden, maps)
    first_bias: Floats  # (hidden,)
    second: Floats  # (hidden,)
    bias: float


@cache
def network() -> Network:
    """Unpack the fitted weights."""
    numbers = np.frombuffer(base64.b85decode("".join(NUMBERS)), "<f4")
    cut = HIDDEN * len(NAMES)
    first = numbers[:cut].reshape(HIDDEN, len(NAMES))
    return Network(first, numbers[cut : cut + HIDDEN], numbers[cut + HIDDEN : cut + 2 * HIDDEN], float(numbers[-1]))


def log_odds(maps: Iterable[FeatureMap], shape: tuple[int, ...]) -> Floats:
    """Compute the log-odds of change of each pixel, (height, width) = `shape`.

    The maps must be those that the network was fitted on, in their order; raises ValueError for another number of maps.
    """
    fitted = network()
    table = np.empty((len(NAMES), shape[0] * shape[1]), np.float32)
    for row, feature in zip(table, maps, strict=True):
        row[:] = feature.values.ravel()
    odds = np.empty(table.shape[1], np.float32)
    bias = fitted.first_bias[:, None]
    for begin in range(0, odds.size, _BATCH_PX):
        hidden = fitted.first @ table[:, begin : begin + _BATCH_PX]
        hidden += bias
        odds[begin : begin + _BATCH_PX] = fitted.second @ np.maximum(hidden, 0, out=hidden)
    return np.asarray(odds + np.float32(fitted.bias), np.float32).reshape(shape)
