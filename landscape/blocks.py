"""The world's blocks: a bent lattice of land between roads, and what stands on a block."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscape.noise import Positions, hashed, smooth
from landscape.surfaces import CROWN_NUMBER, Surface

PX_PER_M = 1 / 0.28  # of the scale at which houses and trees are drawn: that of 20 N
PITCH = 880.0  # pixels from block to block
_MESH = 16
REACH = 0.67  # of a pitch: how far a block's ground may lie beyond its place in the lattice
LAND, DETAIL, ROAD, BUILT = range(4)  # layers, drawn in this order

Box = tuple[float, float, float, float]  # u0, v0, u1, v1 in a block


class Shape(NamedTuple):
    """One shape on the ground, in world pixels."""

    points: Positions
    surface: Surface
    layer: int
    width: int  # of its line in pixels; 0 where it is filled
    height_m: float


def bend(places: Positions) -> Positions:
    """Move places of the straight lattice to where they are on the ground: nothing in the land is quite straight."""
    wide = np.stack([smooth(11, places, 3.3 * PITCH), smooth(12, places, 3.3 * PITCH)], -1)
    near = np.stack([smooth(13, places, 0.45 * PITCH), smooth(14, places, 0.45 * PITCH)], -1)
    return places + wide * (0.4 * PITCH) + near * (0.025 * PITCH)


def wateriness(places: Positions) -> Positions:
    """Return how near places are to the middle of a river: below 0 is dry land, above 0.012 or so is water."""
    swing = smooth(21, places, 9.1 * PITCH) + 0.22 * smooth(22, places, 1.7 * PITCH) + 0.05 * smooth(23, places, 260.0)
    return 0.028 - np.abs(swing + 0.11)


@dataclass
class Block:
    """One block while it is filled: positions run from 0 to 1 along u (east) and v (south)."""

    column: int
    row: int
    chance: random.Random
    shapes: list[Shape] = field(default_factory=list)
    trees: Positions = field(default_factory=lambda: np.zeros((0, 4)))  # x, y in world pixels; radius in m; kind
    kept_free: list[tuple[float, float, float]] = field(default_factory=list)  # u, v and radius of a pond

    def __post_init__(self) -> None:
        columns, rows = np.meshgrid([self.column, self.column + 1], [self.row, self.row + 1])
        jitter = np.stack([hashed(31, columns, rows), hashed(32, columns, rows)], -1) - 0.5
        corners = (np.stack([columns, rows], -1) + 0.42 * jitter) * PITCH
        steps = np.linspace(0, 1, _MESH + 1)
        u, v = np.meshgrid(steps, steps)
        u, v = u[..., None], v[..., None]
        north = corners[0, 0] * (1 - u) + corners[0, 1] * u
        south = corners[1, 0] * (1 - u) + corners[1, 1] * u
        self.mesh = bend(north * (1 - v) + south * v)
        self.driest_edge = float(wateriness(self.mesh).max())  # below 0 no river runs through
        self.boxes = np.zeros((0, 4))  # west, north, east, south of each shape
        self._waiting: list[tuple[Positions, Surface, int, int]] = []
        self._seedlings: list[Positions] = []

    def at(self, uv: Positions) -> Positions:
        """Interpolate the world positions of positions in the block, shape (..., 2), in a mesh of bent ones."""
        scaled = uv * _MESH
        cell = np.clip(np.floor(scaled), 0, _MESH - 1).astype(np.int64)
        part = scaled - cell
        u, v, column, row = part[..., 0:1], part[..., 1:2], cell[..., 0], cell[..., 1]
        north = self.mesh[row, column] * (1 - u) + self.mesh[row, column + 1] * u
        south = self.mesh[row + 1, column] * (1 - u) + self.mesh[row + 1, column + 1] * u
        ground: Positions = north * (1 - v) + south * v
        return ground

    def is_dry(self, places: Positions, *, away: float) -> NDArray[np.bool_]:
        """Tell which world positions no river reaches; `away` is a distance in `wateriness`."""
        if self.driest_edge < -0.15:
            return np.ones(len(places), bool)
        return wateriness(places) < -away

    def patch(self, box: Box, surface: Surface, *, layer: int = LAND, width: int = 0) -> None:
        """Lay a surface on a box of the block; with a width, only along its border."""
        u0, v0, u1, v1 = box
        steps = max(2, math.ceil(max(u1 - u0, v1 - v0) * PITCH / 60))
        along = np.linspace(0, 1, steps, endpoint=False)[:, None]
        corners = np.array([(u0, v0), (u1, v0), (u1, v1), (u0, v1), (u0, v0)], float)
        sides = [corners[n] * (1 - along) + corners[n + 1] * along for n in range(4)]
        if width:
            sides.append(corners[:1])
        self._waiting.append((np.concatenate(sides), surface, layer, width))

    def line(self, uv: Sequence[tuple[float, float]], surface: Surface, *, width_m: float, layer: int = ROAD) -> None:
        """Lay a road, a path or a hedge bank along a line in the block."""
        ends = np.array(uv, float)
        pieces = []
        for start, end in pairwise(ends):
            steps = max(2, math.ceil(float(np.hypot(*(end - start))) * PITCH / 45))
            pieces.append(start + (end - start) * np.linspace(0, 1, steps)[:, None])
        self._waiting.append((np.concatenate(pieces), surface, layer, max(1, round(width_m * PX_PER_M))))

    def blob(self, u: float, v: float, radius_m: float, surface: Surface, *, layer: int, grow_m: float = 0) -> None:
        """Lay a surface on a roundish piece of ground; the same place grows to the same form."""
        shape = random.Random(round(u * 9973) * 7 + round(v * 9973))
        turns = np.linspace(0, 2 * math.pi, 28, endpoint=False)
        reach = np.ones(28)
        for wave in (2, 3, 4, 6):
            reach += shape.uniform(0.03, 0.42) / wave * np.cos(wave * turns + shape.uniform(0, 6.28))
        reach = (reach * radius_m + grow_m) * PX_PER_M / PITCH
        squeeze = shape.uniform(0.65, 1)
        points = np.stack([u + reach * np.cos(turns), v + reach * squeeze * np.sin(turns)], -1)
        self._waiting.append((points, surface, layer, 0))

    def stand(self, shape: Shape) -> None:
        """Put up a shape that is in world pixels already."""
        self.shapes.append(shape)

    def plant(self, uv: Positions, radii_m: Sequence[float], kinds: Sequence[str]) -> None:
        """Plant trees at positions in the block, shape (n, 2)."""
        numbers = np.array([CROWN_NUMBER[kind] for kind in kinds], float)
        self._seedlings.append(np.column_stack([uv, np.asarray(radii_m, float), numbers]))

    def is_free(self, uv: Positions, *, away_m: float) -> NDArray[np.bool_]:
        """Tell which positions, shape (n, 2), lie outside what is kept free, by that much."""
        free = np.ones(len(uv), bool)
        for u, v, radius in self.kept_free:
            free &= np.hypot(uv[:, 0] - u, uv[:, 1] - v) > (radius + away_m) * PX_PER_M / PITCH
        return free

    def finish(self) -> None:
        """Bring everything that was laid out in the block to the ground, in one go."""
        if self._waiting:
            ground = self.at(np.concatenate([uv for uv, *_ in self._waiting]))
            ends = np.cumsum([len(uv) for uv, *_ in self._waiting])
            for end, (uv, surface, layer, width) in zip(ends, self._waiting, strict=True):
                self.shapes.append(Shape(ground[end - len(uv) : end], surface, layer, width, 0.0))
        self._waiting = []
        self.boxes = np.array([(*s.points.min(0) - s.width, *s.points.max(0) + s.width) for s in self.shapes])
        if self._seedlings:
            seedlings = np.concatenate(self._seedlings)
            seedlings = seedlings[self.is_free(seedlings[:, :2], away_m=3.0)]
            seedlings[:, :2] = self.at(seedlings[:, :2])
            self.trees = seedlings[self.is_dry(seedlings[:, :2], away=0.002)]
        self._seedlings = []


def split(box: Box, chance: random.Random, *, long_m: float, wide_m: float) -> list[Box]:
    """Cut a box of a block into parcels of about that size, unevenly, as heirs do."""
    u0, v0, u1, v1 = box
    wide, high = (u1 - u0) * PITCH / PX_PER_M, (v1 - v0) * PITCH / PX_PER_M
    longer, shorter = max(wide, high), min(wide, high)
    if longer <= long_m * chance.uniform(0.8, 1.35) and shorter <= wide_m * chance.uniform(0.9, 1.5):
        return [box]
    cut = chance.uniform(0.36, 0.64)
    across = wide > high if shorter <= wide_m * 1.5 or chance.random() < 0.75 else wide <= high
    if across:
        middle = u0 + (u1 - u0) * cut
        halves: tuple[Box, Box] = ((u0, v0, middle, v1), (middle, v0, u1, v1))
    else:
        middle = v0 + (v1 - v0) * cut
        halves = ((u0, v0, u1, middle), (u0, middle, u1, v1))
    return [part for half in halves for part in split(half, chance, long_m=long_m, wide_m=wide_m)]
