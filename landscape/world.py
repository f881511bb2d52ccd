"""The whole world, block by block: which cover a block has, and what an image of it needs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from landscape import growing, settled
from landscape.blocks import PITCH, REACH, Block, Shape
from landscape.noise import Frame, Positions, smooth

_OVERHANG = 70  # pixels by which crowns, banks and verges may reach over a block's border
Cover = Callable[[Block], None]


def _fields_with_pond(block: Block) -> None:
    growing.fields(block)
    growing.pond(block, block.chance.uniform(0.25, 0.75), block.chance.uniform(0.25, 0.75), block.chance.uniform(9, 24))


def _suburb(block: Block) -> None:
    settled.homes(block, crowded=0.86, plot_m=18)


_COVERS: tuple[tuple[Cover, float, float, float], ...] = (  # how common it is, and how it likes people and wilderness
    (settled.village, 0.9, 3.0, -1.5),
    (_suburb, 0.7, 3.4, -1.5),
    (settled.fringe, 1.2, 1.2, -0.6),
    (settled.works, 0.35, 1.6, -0.8),
    (growing.fields, 2.2, -0.8, -0.8),
    (_fields_with_pond, 0.9, -0.4, -0.6),
    (growing.paddies, 1.7, -0.8, -0.6),
    (growing.orchard, 0.8, -0.3, 0.3),
    (growing.forest, 0.9, -1.6, 3.0),
    (growing.scrub, 1.1, -0.8, 2.2),
    (growing.bare, 0.5, -0.2, 0.8),
    (settled.quarry, 0.2, -0.4, 1.2),
)


@lru_cache(maxsize=160)
def block_at(column: int, row: int) -> Block:
    """Make a block of the world; the same one every time."""
    block = Block(column, row, random.Random(column * 1_000_003 + row * 7_919 + 20))
    place = np.array([column + 0.5, row + 0.5]) * PITCH
    people, wild = (2.0 * float(smooth(seed, place, 4.2 * PITCH)) for seed in (71, 72))
    weights = [often * math.exp(likes * people + shuns * wild) for _, often, likes, shuns in _COVERS]
    block.chance.choices([cover for cover, *_ in _COVERS], weights)[0](block)
    settled.borders(block)
    block.finish()
    return block


def around(frame: Frame) -> tuple[list[Shape], Positions]:
    """Return everything that may stand in a frame, in the order in which it is drawn."""
    first_column, last_column = (math.floor(edge / PITCH) for edge in _reach(frame.left, frame.size))
    first_row, last_row = (math.floor(edge / PITCH) for edge in _reach(frame.top, frame.size))
    blocks = [
        block_at(column, row)
        for row in range(first_row, last_row + 1)
        for column in range(first_column, last_column + 1)
        if _is_near(_hull(column, row), frame)
    ]
    shapes = [shape for block in blocks for shape in _within(block, frame)]
    shapes.sort(key=lambda shape: shape.layer)
    return shapes, np.concatenate([block.trees for block in blocks])


@lru_cache(maxsize=2000)
def _hull(column: int, row: int) -> tuple[float, float, float, float]:
    mesh = Block(column, row, random.Random(0)).mesh.reshape(-1, 2)
    (west, north), (east, south) = mesh.min(0), mesh.max(0)
    return float(west), float(north), float(east), float(south)


def _is_near(hull: tuple[float, float, float, float], frame: Frame) -> bool:
    west, north, east, south = hull
    return (
        west - _OVERHANG < frame.left + frame.size
        and east + _OVERHANG > frame.left
        and north - _OVERHANG < frame.top + frame.size
        and south + _OVERHANG > frame.top
    )


def _within(block: Block, frame: Frame) -> list[Shape]:
    west, north, east, south = block.boxes.T
    is_seen = (west < frame.left + frame.size) & (east > frame.left)
    is_seen &= (north < frame.top + frame.size) & (south > frame.top)
    return [block.shapes[n] for n in np.flatnonzero(is_seen)]


def _reach(start: int, size: int) -> tuple[float, float]:
    return start - (1 + REACH) * PITCH, start + size + REACH * PITCH
