"""The kind of a changed region: probabilities of each, by a multinomial logistic regression on its descriptors.

`python -m research.fit_kinds` fits the weights, on simulated land only, and writes them into `model/kinds.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from chalicelib.domain.kinds import Kind
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.fitted import BadModel, numbers, read_fields
from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.region_descriptors import NAMES, describe

# The coarsest pixels of simulated land, in metres: of coarser ones a kind is told, but no change is ignored for it.
COARSEST_GSD_M = 2.2
MOST_SPREADS = 3.0  # from the mean of simulated land: a number that lies farther off counts no more

KINDS = tuple(Kind)


class KindModel(NamedTuple):
    """Weights: log-odds = weights @ (descriptors - mean) / spread + bias."""

    descriptors: tuple[str, ...]  # their names, in their order
    mean: Floats  # (descriptors,)
    spread: Floats  # (descriptors,)
    weights: Floats  # (kinds, descriptors)
    bias: Floats  # (kinds,)


@cache
def kind_model() -> KindModel:
    """Read the fitted weights, once. Raises BadModel."""
    return kind_model_of(read_fields("kinds.json"))


def kind_model_of(fields: Mapping[str, Any]) -> KindModel:
    """Make the model of a file's fields. Raises BadModel."""
    if fields.get("descriptors") != list(NAMES) or fields.get("kinds") != list(KINDS):
        raise BadModel("the detector's kinds.json must name the descriptors and the kinds of this release")
    spread = numbers(fields, "spread", (len(NAMES),))
    if not (spread > 0).all():
        raise BadModel("the detector's fitted numbers 'spread' must be above nothing")
    return KindModel(
        NAMES,
        numbers(fields, "mean", (len(NAMES),)),
        spread,
        numbers(fields, "weights", (len(KINDS), len(NAMES))),
        numbers(fields, "bias", (len(KINDS),)),
    )


def kind_odds(descriptors: Floats, model: KindModel) -> Floats:
    """Return the log-odds of each kind, in the order of `Kind`, up to what they have in common."""
    scaled = np.clip((descriptors - model.mean) / model.spread, -MOST_SPREADS, MOST_SPREADS)
    return np.asarray(model.weights @ scaled + model.bias)


def kinds_of(mask: Mask, top: int, left: int, change_map: ChangeMap, gsd_m: float) -> dict[Kind, float]:
    """Return the probability of each kind for a region, a mask at the images' scale whose first pixel is (top, left).

    Empty where the change map does not keep its pair: then nothing is known of the region's kind.
    """
    pair = change_map.pair
    if pair is None or not mask.any():
        return {}
    own, corner = change_map.at_working_scale(mask, top, left)
    numbers_of_region = describe(own, corner, pair.older_and_newer, pair.levels, change_map.working_gsd_m(gsd_m))
    odds = kind_odds(numbers_of_region, kind_model())
    shares = np.exp(odds - odds.max())
    return {kind: float(share) for kind, share in zip(KINDS, shares / shares.sum(), strict=True)}
