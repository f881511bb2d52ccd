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
    size = shape[0] * shape[1]
    whole = size // _BATCH_PX
    # Batch by batch, so that what is multiplied at once lies together.
    table = np.empty((whole, len(fitted.maps), _BATCH_PX), np.float32)
    rest = np.empty((len(fitted.maps), size - whole * _BATCH_PX), np.float32)
    for row, feature in zip(range(len(fitted.maps)), maps, strict=True):
        values = np.broadcast_to(feature.values.ravel(), size)
        table[:, row] = values[: whole * _BATCH_PX].reshape(whole, _BATCH_PX)
        rest[row] = values[whole * _BATCH_PX :]
    odds = np.empty(size, np.float32)
    bias = fitted.first_bias[:, None]
    for number, batch in enumerate((*table, rest)):
        hidden = fitted.first @ batch
        hidden += bias
        begin = number * _BATCH_PX
        odds[begin : begin + _BATCH_PX] = fitted.second @ np.maximum(hidden, 0, out=hidden)
    odds += np.float32(fitted.bias)
    return odds.reshape(shape)
