"""The geometry of shapes: what is valid, what is inside, which tiles it touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from chalicelib.domain.geojson import Given
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import Ground, Shape, TilePart


class Shapes(Protocol):
    """Makes shapes of geometries, and lays them on grids."""

    def shape(self, given: Given, *, buffer_m: float | None, exclude: Sequence[Given]) -> Shape:
        """Return the land of a geometry: with a margin around points and lines, without what is left out.

        Raises Invalid for what is no land, with its pointer and its position: a ring that crosses itself, a hole that
        lies outside, what reaches over the 180th meridian, what is too wide, or nothing that is left.
        """
        ...

    def of_parcels(self, ground: Ground, *, buffer_m: float | None, exclude: Sequence[Given]) -> Shape:
        """Return the land of parcels that are right each, joined where they adjoin; with a margin around all of them.

        What is left out is taken from the margin too. Raises Invalid for what is too wide, has too many corners, or
        where nothing is left.
        """
        ...

    def covers(self, shape: Shape, grid: Grid, *, most_tiles: int) -> Iterator[tuple[TilePart, ...]]:
        """Yield what a shape is of each tile that it touches: on the grid, then on each finer zoom of it.

        Ends with the first zoom that needs more tiles than so many: where that is the grid's own, it yields nothing.
        """
        ...
