"""How often borders cross each other: what joins them makes a corner of each crossing, and may take for ever.

Never all pairs of edges: those of ten thousand long ones are a hundred million.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

MOST_CROSSINGS = 200_000  # of parcels that are joined: some three seconds
_SAMPLED = (300, 1000)  # edges that are held against each other
_LONGEST = 2000  # and again of so many: a few long edges among a million short ones cross the most

Edges = NDArray[np.float64]
"""Each from one position to another: (number, 2, 2)."""


def edges_of(polygons: Any) -> Edges:  # noqa: ANN401 (an array of geometries)
    """Return the edges of polygons, rings after rings."""
    positions, rings = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    begins = np.flatnonzero(rings[1:] == rings[:-1])
    return np.stack([positions[begins], positions[begins + 1]], axis=1)


def crossings(edges: Edges) -> int:
    """Return about how many times edges cross each other, by samples of them: none that could be foreseen."""
    if len(edges) <= _LONGEST:
        return _sampled(edges)
    lengths = np.hypot(*(edges[:, 1] - edges[:, 0]).T)
    longest = edges[np.argpartition(lengths, -_LONGEST)[-_LONGEST:]]
    return max(_sampled(edges), _sampled(longest))


def _sampled(edges: Edges) -> int:
    chance = np.random.default_rng()
    some, others = (
        shapely.linestrings(edges[chance.permutation(len(edges))[:most]] if most < len(edges) else edges)
        for most in _SAMPLED
    )
    pairs = len(some) * len(others)
    found = shapely.STRtree(some).query(others, predicate="crosses").shape[1]
    return round(found / pairs * len(edges) ** 2 / 2) if pairs else 0
