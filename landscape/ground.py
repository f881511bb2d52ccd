"""The ground as it is, without light and season: which surface every pixel has, and how high things stand there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from landscape.blocks import BUILT, PX_PER_M, ROAD, Shape, wateriness
from landscape.noise import Floats, Frame, Positions, Textures, drawn_out, lattice
from landscape.surfaces import TONES, Surface, crowns, surface

_FINE = 4  # bits of a drawn position below the pixel
_RADII_M = (0.6, 0.85, 1.2, 1.6, 2.0, 2.5, 3.1, 3.8, 4.6, 5.5)
_FORMS = 6
_BANK = 0.006  # of wateriness: how wide a river's banks are
Works = tuple[Positions, tuple[Shape, ...]]  # an outline, and what is drawn within it


@dataclass(frozen=True, slots=True)
class Ground:
    """A frame of ground: for every pixel the row of its surface, and heights in metres."""

    surfaces: Floats  # table: one row for each shape
    index: NDArray[np.int32]
    built_m: Floats  # of houses and walls
    crown_m: Floats  # of trees, over the ground


@cache
def _crown(size: int, form: int) -> Floats:
    """Model a crown: a lumpy dome with a ragged edge, in metres of height."""
    radius = _RADII_M[size] * PX_PER_M
    reach = int(radius * 1.3) + 2
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    draw = np.random.default_rng(size * 100 + form)
    turn = np.arctan2(rows, columns)
    edge = np.ones_like(turn)
    for wave in range(2, 7):
        edge += draw.uniform(0, 0.45) / wave * np.cos(wave * turn + draw.uniform(0, 6.28))
    lumps = cv2.GaussianBlur(draw.standard_normal(rows.shape), (0, 0), max(1.0, radius / 7))
    lumps /= lumps.std()
    away = np.hypot(columns, rows * draw.uniform(0.9, 1.1)) / (radius * edge) + 0.09 * lumps
    dome = np.sqrt(np.clip(1 - np.abs(away) ** 2.6, 0, 1)) * (1 + 0.24 * lumps)
    tall = 1.0 + 1.5 * _RADII_M[size] * draw.uniform(0.85, 1.15)
    return np.where(away < 1, tall * (0.35 + 0.65 * np.clip(dome, 0, 1.4)), 0).astype(np.float32)


def _stamp(trees: Positions, frame: Frame) -> tuple[Floats, NDArray[np.uint8]]:
    heights = np.zeros((frame.size, frame.size), np.float32)
    kinds = np.zeros((frame.size, frame.size), np.uint8)
    places = trees[:, :2].astype(np.int64)
    forms = (places[:, 0] * 7 + places[:, 1] * 13) % _FORMS
    tones = (places[:, 0] * 5 + places[:, 1] * 3) // 2 % TONES
    sizes = np.searchsorted(np.array(_RADII_M[:-1]) * 1.14, trees[:, 2])
    places -= (frame.left, frame.top)
    near = ((places > -40) & (places < frame.size + 40)).all(axis=1)
    kinds_toned = trees[:, 3].astype(np.int64) * TONES + tones
    for (column, row), size, form, kind in zip(
        places[near].tolist(), sizes[near].tolist(), forms[near].tolist(), kinds_toned[near].tolist(), strict=True
    ):
        crown = _crown(size, form)
        reach = crown.shape[0] // 2
        west, north = max(0, column - reach), max(0, row - reach)
        east, south = min(frame.size, column + reach + 1), min(frame.size, row + reach + 1)
        if west >= east or north >= south:
            continue
        part = crown[north - row + reach : south - row + reach, west - column + reach : east - column + reach]
        here = heights[north:south, west:east]
        taller = part > here
        np.copyto(here, part, where=taller)
        np.copyto(kinds[north:south, west:east], kind, where=taller)
    return heights, kinds


def pixels(points: Positions, frame: Frame) -> NDArray[np.int32]:
    """Convert world positions to what OpenCV draws: fixed-point pixels, the centre of pixel (0, 0) at 0."""
    return np.round((points - (frame.left + 0.5, frame.top + 0.5)) * (1 << _FINE)).astype(np.int32)


def _draw(image: NDArray[np.int32] | Floats, points: NDArray[np.int32], value: float, width: int) -> None:
    if width:
        cv2.polylines(image, [points], isClosed=False, color=value, thickness=width, lineType=cv2.LINE_8, shift=_FINE)
    else:
        cv2.fillPoly(image, [points], value, cv2.LINE_8, _FINE)


def _ragged(index: NDArray[np.int32], textures: Textures) -> NDArray[np.int32]:
    """Fray the borders between surfaces: no field and no track ends along a ruler."""
    fine, coarse = textures.grain * np.float32(0.7), textures.clumps * np.float32(1.5)
    columns = np.arange(len(index), dtype=np.float32)[None, :] + (fine + coarse)
    rows = np.arange(len(index), dtype=np.float32)[:, None] + (fine - coarse)
    # 24 bits of a float hold every row number exactly; nearest neighbour never mixes them.
    frayed = cv2.remap(index.astype(np.float32), columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return frayed.astype(np.int32)


def lay(shapes: list[Shape], trees: Positions, frame: Frame, textures: Textures, works: list[Works]) -> Ground:
    """Draw shapes (in their order) and trees into a frame of ground, then works, each within its outline."""
    table: list[Surface] = [*crowns(), surface("river"), surface("bank")]
    first = len(table)
    table += [shape.surface for shape in shapes]
    index = _ragged(_flat_land(shapes, first, frame), textures)
    built = np.zeros((frame.size, frame.size), np.float32)
    for number, shape in enumerate(shapes, first):
        if shape.layer == BUILT:
            points = pixels(shape.points, frame)
            _draw(index, points, number, shape.width)
            _draw(built, points, shape.height_m, shape.width)
    crown, kind = _stamp(trees, frame)
    is_crown = crown > built + np.float32(0.2)
    np.copyto(index, kind, where=is_crown)
    crown *= is_crown
    for outline, parts in works:
        plot = pixels(outline, frame)
        if (plot.max(0) < 0).any() or (plot.min(0) > frame.size << _FINE).any():
            continue
        for heights in (built, crown):
            _draw(heights, plot, 0.0, 0)
        for part in parts:
            table.append(part.surface)
            points = pixels(part.points, frame)
            _draw(index, points, len(table) - 1, part.width)
            _draw(built, points, part.height_m, part.width)
    return Ground(np.array(table, np.float32), index, built, crown)


def _flat_land(shapes: list[Shape], first: int, frame: Frame) -> NDArray[np.int32]:
    """Draw what lies flat: the land and its details, the river over them, the roads over the river."""
    index = np.zeros((frame.size, frame.size), np.int32)
    numbered = [(n, s) for n, s in enumerate(shapes, first) if s.layer < BUILT]
    wet = wateriness(lattice(frame))
    for number, shape in numbered:
        if shape.layer < ROAD:
            _draw(index, pixels(shape.points, frame), number, shape.width)
    if wet.max() > -_BANK:
        depth = drawn_out(wet, frame)
        index[depth > 0] = first - 1
        index[depth > _BANK] = first - 2
    for number, shape in numbered:
        if shape.layer == ROAD:
            _draw(index, pixels(shape.points, frame), number, shape.width)
    return index
