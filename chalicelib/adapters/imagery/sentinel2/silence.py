"""Ground of which a catalogue has had nothing for too long: Sentinel-2 passes over all land every few days.

That is no "nothing new": what was taken there is somewhere, and is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from chalicelib.adapters.imagery.sentinel2.products import Product, meet
from chalicelib.domain.tiles import Bounds

_ROUNDED = 0.005  # degrees, about 500 m: outlines are rounded, and the edge of a pass lies elsewhere each time
_MOST_PARTS = 50  # of ground that boxes cut to pieces


class Silent(NamedTuple):
    """Ground, and when the newest was taken that shows some of it."""

    ground: Bounds
    newest_at: datetime


def silent(ground: Bounds, products: Iterable[Product], *, others: Iterable[Bounds], since: datetime) -> list[Silent]:
    """Return the parts of some ground of which there are products, and none since then.

    `others` is ground of which there is something newer that cannot be used: that is told for itself. Of ground that
    no product ever showed nothing is said here.
    """
    older = [product.item for product in products]
    boxes = [item.bounds for item in older if item.captured_at >= since]
    parts = _without(ground, [box for box in (*boxes, *others) if box is not None])
    found = [
        (part, max((item.captured_at for item in older if item.bounds and meet(item.bounds, part)), default=None))
        for part in parts
    ]
    return [Silent(part, newest_at) for part, newest_at in found if newest_at is not None]


def _without(ground: Bounds, boxes: Sequence[Bounds]) -> list[Bounds]:
    """Return what is left of some ground beside boxes, in boxes; all of it where that are too many.

    >>> _without(Bounds(0, 0, 2, 1), [Bounds(0, 0, 1, 1)])
    [Bounds(west=1.005, south=0, east=2, north=1)]
    """
    left = [ground]
    for west, south, east, north in boxes:
        box = Bounds(west - _ROUNDED, south - _ROUNDED, east + _ROUNDED, north + _ROUNDED)
        left = [piece for part in left for piece in _beside(part, box)]
        if len(left) > _MOST_PARTS:
            return [ground]
    return left


def _beside(part: Bounds, box: Bounds) -> list[Bounds]:
    if not meet(part, box):
        return [part]
    south, north = max(part.south, box.south), min(part.north, box.north)
    pieces = [
        Bounds(part.west, part.south, part.east, south),
        Bounds(part.west, north, part.east, part.north),
        Bounds(part.west, south, box.west, north),
        Bounds(box.east, south, part.east, north),
    ]
    return [piece for piece in pieces if piece.west < piece.east and piece.south < piece.north]
