"""The cells by which items are found: a spatial index of whole numbers, the same on SQLite and MySQL.

The world is cut in two along longitude and latitude at each of the levels. An item lies in one to four cells of the
finest level whose cells are no smaller than it is; so ground is looked up in few cells of each level that is in use,
column by column, as the cells of a column are numbers in a row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.domain.tiles import Bounds

FINEST = 15  # cells of 1.2 km on the equator: of an archive's items
FINEST_OF_PARCELS = 18  # cells of 153 m: a dozen plots of 45 m
ANYWHERE = -1  # the cell of what may be any ground
MOST_COLUMNS = 256  # of one level; wider ground is looked up as one range, and sifted by its bounds


class Cells(NamedTuple):
    """The cells in a row, first and last, as they are numbered."""

    first: int
    last: int


def level_of(bounds: Bounds, finest: int = FINEST) -> int:
    """Return the level at which an item lies.

    >>> level_of(Bounds(85.0, 20.0, 85.002, 20.002)), level_of(Bounds(-180, -90, 180, 90))
    (15, 0)
    """
    share = max((bounds.east - bounds.west) / 360, (bounds.north - bounds.south) / 180)
    return finest if share <= 2.0**-finest else max(0, math.floor(-math.log2(share)))


def cells_of(bounds: Bounds | None, finest: int = FINEST) -> list[int]:
    """Return the cells of an item.

    >>> cells_of(None), len(cells_of(Bounds(85.0, 20.0, 85.002, 20.002))) <= 4
    ([-1], True)
    """
    if bounds is None:
        return [ANYWHERE]
    level = level_of(bounds, finest)
    return [cell for row in _columns(bounds, level) for cell in range(row.first, row.last + 1)]


def cells_over(ground: Bounds, levels: int) -> Iterator[Cells]:
    """Yield the cells in which all that overlaps the ground lies; of the levels with their bits set."""
    yield Cells(ANYWHERE, ANYWHERE)
    for level in range(levels.bit_length()):
        if levels >> level & 1:
            columns = list(_columns(ground, level))
            yield from columns if len(columns) <= MOST_COLUMNS else [Cells(columns[0].first, columns[-1].last)]


def _columns(bounds: Bounds, level: int) -> Iterator[Cells]:
    south, north = _place(bounds.south, 90, level), _place(bounds.north, 90, level)
    for x in range(_place(bounds.west, 180, level), _place(bounds.east, 180, level) + 1):
        begin = level << 40 | x << 20
        yield Cells(begin | south, begin | north)


def _place(degrees: float, half: int, level: int) -> int:
    last = (1 << level) - 1
    return min(last, max(0, math.floor((degrees + half) / (2 * half) * (1 << level))))
