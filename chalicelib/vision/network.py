"""The fitted network: from a pair's feature maps to log-odds of change, the same for every pixel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from chalicelib.vision.features import FeatureMap
from chalicelib.vision.fitted import BadModel, numbers, read_fields
from chalicelib.vision.pixels import Floats

# Pixels multiplied at once: OpenBLAS starts threads for a larger product, and on a machine whose other cores are busy
# they wait for each other ten times as long as the work takes.
_BATCH_PX = 480


class Network(NamedTuple):
    """Weights of one hidden layer: hidden = max(0, first @ maps + first_bias), log-odds = second @ hidden + bias."""

    maps: tuple[str, ...]  # the names of the feature maps that it was fitted on, in their order
    first: Floats  # (hidden, maps)
    first_bias: Floats  # (hidden,)
    second: Floats  # (hidden,)
    bias: float


@cache
def network() -> Network:
    """Read the fitted weights, once. Raises BadModel."""
    return network_of(read_fields("weights.json"))


def network_of(fields: Mapping[str, Any]) -> Network:
    """Make the network of a file's fields. Raises BadModel."""
    maps, rows = fields.get("maps"), fields.get("first")
    if not isinstance(maps, list) or not maps or not isinstance(rows, list) or not rows:
        raise BadModel("the detector's weights.json must name its maps, and have a row of weights for each hidden unit")
    hidden = len(rows)
    return Network(
        tuple(maps),
        numbers(fields, "first", (hidden, len(maps))),
        numbers(fields, "first_bias", (hidden,)),
        numbers(fields, "second", (hidden,)),
        float(numbers(fields, "bias", ())),
    )


def log_odds(maps: Iterable[FeatureMap], shape: tuple[int, ...]) -> Floats:
    """Compute the log-odds of change of each pixel, (height, width) = `shape`.

    The maps must be those that the network was fitted on, in their order; raises ValueError for another number of maps.
    """
    fitted = network()
    table = np.empty((len(fitted.maps), shape[0] * shape[1]), np.float32)
    for row, feature in zip(table, maps, strict=True):
        row[:] = feature.values.ravel()
    odds = np.empty(table.shape[1], np.float32)
    bias = fitted.first_bias[:, None]
    for begin in range(0, odds.size, _BATCH_PX):
        hidden = fitted.first @ table[:, begin : begin + _BATCH_PX]
        hidden += bias
        odds[begin : begin + _BATCH_PX] = fitted.second @ np.maximum(hidden, 0, out=hidden)
    return np.asarray(odds + np.float32(fitted.bias), np.float32).reshape(shape)
