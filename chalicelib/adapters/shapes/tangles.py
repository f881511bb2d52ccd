"""How often borders cross each other: what joins them makes a corner of each crossing, and may take for ever.

Never all pairs of edges: those of ten thousand long ones are a hundred million.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

MOST_CROSSINGS = 200_000  # of parcels that are joined while somebody waits: some three seconds
MOST_OF_A_LAYER = 2_000_000  # of one joined in a process of its own: plots that do not quite meet have four each
_FIRST = (300, 1000)  # edges that are held against each other
_MANY = 2 * MOST_OF_A_LAYER  # more than that is not held against more edges
_CLOSER = (300, 20_000)
_LONGEST = 2000  # and again of so many: a few long edges among a million short ones cross the most

Edges = NDArray[np.float64]
"""Each from one position to another: (number, 2, 2)."""


def edges_of(polygons: Any) -> Edges:  # noqa: ANN401 (an array of geometries)
    """Return the edges of polygons, rings after rings."""
    positions, rings = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    begins = np.flatnonzero(rings[1:] == rings[:-1])
    return np.stack([positions[begins], positions[begins + 1]], axis=1)


def crossings(edges: Edges) -> int:
    """Return about how many times edges cross each other, by samples of them: none that could be foreseen.

    Of evenly spread ones a fifth more or less, where they are near `MOST_CROSSINGS`.
    """
    longest = edges
    if len(edges) > _LONGEST:
        lengths = np.hypot(*(edges[:, 1] - edges[:, 0]).T)
        longest = edges[np.argpartition(lengths, -_LONGEST)[-_LONGEST:]]
    found = max(_sampled(edges, *_FIRST), _sampled(longest, *_FIRST))
    return found if found > _MANY else max(_sampled(edges, *_CLOSER), _sampled(longest, *_FIRST))


def _sampled(edges: Edges, *most: int) -> int:
    chance = np.random.default_rng()
    some, others = (
        shapely.linestrings(edges[chance.permutation(len(edges))[:each]] if each < len(edges) else edges)
        for each in most
    )
    pairs = len(some) * len(others)
    found = shapely.STRtree(some).query(others, predicate="crosses").shape[1]
    return round(found / pairs * len(edges) ** 2 / 2) if pairs else 0
