"""Covers on which things grow: fields, paddies, orchards, woods, scrub."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np

from landscape.blocks import DETAIL, LAND, PITCH, PX_PER_M, Block, Box, split
from landscape.noise import Positions, smooth
from landscape.surfaces import Surface, surface

METRE = PX_PER_M / PITCH  # in a block's u and v
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def scatter(box: Box, spacing_m: float, chance: random.Random, *, jitter: float = 1.0) -> Positions:
    """Scatter places all over a box, about that far apart."""
    u0, v0, u1, v1 = box
    step = spacing_m * METRE
    columns, rows = np.meshgrid(np.arange(u0 + step / 2, u1, step), np.arange(v0 + step / 2, v1, step))
    grid = np.stack([columns.ravel(), rows.ravel()], -1)
    draw = np.random.default_rng(chance.getrandbits(48))
    places: Positions = grid + (draw.random(grid.shape) - 0.5) * step * jitter
    return places


def grow(block: Block, places: Positions, radii_m: tuple[float, float], kinds: list[str]) -> None:
    """Plant crowns of radii between two values, mostly small ones."""
    chance = block.chance
    low, high = radii_m
    radii = [low + (high - low) * chance.random() ** 1.7 for _ in range(len(places))]
    block.plant(places, radii, [chance.choice(kinds) for _ in range(len(places))])


def _row(box: Box, block: Block, spacing_m: float) -> tuple[float, float]:
    u0, v0, u1, v1 = box
    middle = np.array([(u0 + u1) / 2, (v0 + v1) / 2])
    ahead = np.array([0.02, 0.0]) if u1 - u0 > v1 - v0 else np.array([0.0, 0.02])
    west, east = block.at(np.stack([middle - ahead, middle + ahead]))
    turn = math.atan2(east[1] - west[1], east[0] - west[0])
    turns = 1 / (spacing_m * PX_PER_M)
    return (-math.sin(turn) * turns, math.cos(turn) * turns)


def _crop(box: Box, block: Block, chance: random.Random) -> Surface:
    crop = chance.choice(
        [
            "soil",
            "soil",
            "soil",
            "redsoil",
            "pulses",
            "cane",
            "grain",
            "stubble",
            "stubble",
            "fallow",
            "fallow",
            "paddy",
        ]
    )
    spacing = {"cane": 1.7, "soil": 1.5, "redsoil": 1.6, "pulses": 1.4}.get(crop, chance.choice([1.3, 2.6, 5.0]))
    return surface(
        crop,
        tone=chance.uniform(0.9, 1.1),
        warmth=chance.uniform(-0.03, 0.03),
        row=_row(box, block, spacing),
        rows=chance.uniform(0.02, 0.085),
        bias=chance.uniform(-1.2, 1.2),
    )


def worn(block: Block, box: Box, count: int) -> None:
    """Wear bald patches into the ground, pale and of any size: gateways, threshing floors, where cattle stand."""
    chance = block.chance
    for _ in range(count):
        u, v = chance.uniform(box[0], box[2]), chance.uniform(box[1], box[3])
        look = surface(chance.choice(["dirt", "bund", "fallow"]), tone=chance.uniform(0.88, 1.04))
        block.blob(u, v, 1.5 + 9 * chance.random() ** 2.5, look, layer=DETAIL)


def hedge(block: Block, ends: list[tuple[float, float]], gap_m: float) -> None:
    """Plant an uneven line of trees and bushes."""
    chance = block.chance
    for (u0, v0), (u1, v1) in pairwise(ends):
        count = max(2, round(math.hypot(u1 - u0, v1 - v0) / (gap_m * METRE)))
        steps = np.array([(n + chance.uniform(-0.45, 0.45)) / count for n in range(count) if chance.random() < 0.8])
        if len(steps):
            places = np.stack([u0 + (u1 - u0) * steps, v0 + (v1 - v0) * steps], -1)
            aside = np.array([[chance.gauss(0, 0.8 * METRE), chance.gauss(0, 0.8 * METRE)] for _ in steps])
            grow(block, places + aside, (0.9, 4.2), ["broad", "mango", "dry", "bush", "palm"])


def fields(block: Block, box: Box = WHOLE) -> None:
    """Lay out fields of several crops between bunds, with tree lines along some."""
    chance = block.chance
    long_m, wide_m = chance.choice([(62, 24), (95, 38), (130, 55)])
    bund = surface("bund", tone=chance.uniform(0.92, 1.08))
    for plot in split(box, chance, long_m=long_m, wide_m=wide_m):
        u0, v0, u1, v1 = plot
        block.patch(plot, _crop(plot, block, chance))
        block.patch(plot, bund, layer=DETAIL, width=chance.choice([2, 3, 3, 5]))
        if chance.random() < 0.22:
            hedge(block, chance.choice([[(u0, v0), (u1, v0)], [(u0, v0), (u0, v1)]]), chance.uniform(4, 11))
        if chance.random() < 0.3:
            worn(block, plot, 1)
        if chance.random() < 0.25:
            spot = np.array([[chance.uniform(u0, u1), chance.uniform(v0, v1)]])
            grow(block, spot, (1.5, 5), ["mango", "broad"])


def paddies(block: Block) -> None:
    """Lay out small wet plots between green bunds, with palms on them."""
    chance = block.chance
    season = chance.choice(["paddy", "paddy", "stubble", "fallow"])
    for plot in split(WHOLE, chance, long_m=36, wide_m=22):
        crop = season if chance.random() < 0.72 else chance.choice(["fallow", "soil", "pulses", "stubble"])
        look = surface(
            crop,
            tone=chance.uniform(0.92, 1.07),
            warmth=chance.uniform(-0.02, 0.02),
            row=_row(plot, block, 2.2),
            rows=chance.uniform(0.01, 0.05),
            bias=chance.uniform(-1.3, 1.3),
        )
        block.patch(plot, look)
        block.patch(plot, surface("bund", tone=chance.uniform(0.92, 1.1)), layer=DETAIL, width=chance.choice([2, 3, 4]))
        if chance.random() < 0.12:
            hedge(block, [(plot[0], plot[1]), (plot[2], plot[1])], chance.uniform(4, 12))


def orchard(block: Block, box: Box = WHOLE) -> None:
    """Plant parcels of fruit trees in rows, each of its own age."""
    chance = block.chance
    for plot in split(box, chance, long_m=110, wide_m=75):
        block.patch(plot, surface(chance.choice(["grass", "fallow", "garden"]), bias=chance.uniform(-1, 1)))
        spacing = chance.uniform(5.5, 8.5)
        u0, v0, u1, v1 = plot
        inner = (u0 + 3 * METRE, v0 + 3 * METRE, u1 - 3 * METRE, v1 - 3 * METRE)
        places = scatter(inner, spacing, chance, jitter=0.16)
        kept = places[np.random.default_rng(chance.getrandbits(32)).random(len(places)) < chance.uniform(0.82, 0.97)]
        size = spacing * chance.uniform(0.3, 0.44)
        grow(block, kept, (size * 0.8, size * 1.12), [chance.choice(["mango", "broad", "bush"])])
        hedge(block, [(u0, v0), (u1, v0), (u1, v1)], 5)


def _thinned(block: Block, places: Positions, *, seed: int, wave_m: float, share: float) -> Positions:
    if not len(places):
        return places
    where = block.at(places)
    cover = smooth(seed, where, wave_m * PX_PER_M) + 0.5 * smooth(seed + 1, where, wave_m * 0.3 * PX_PER_M)
    luck = np.random.default_rng(block.chance.getrandbits(32)).random(len(places))
    kept: Positions = places[cover + (luck - 0.5) * 0.5 > 0.75 - 1.5 * share]
    return kept


def forest(block: Block, box: Box = WHOLE) -> None:
    """Grow closed wood with clearings."""
    chance = block.chance
    block.patch(box, surface("litter", bias=chance.uniform(-0.5, 0.5)))
    kinds = chance.choice(
        [["broad", "mango", "dry"], ["broad", "broad", "dry", "bloom", "mango"], ["mango", "broad", "palm"]]
    )
    share = chance.uniform(0.5, 0.85)
    grow(block, _thinned(block, scatter(box, 8.6, chance), seed=41, wave_m=70, share=share * 0.9), (2.8, 6.2), kinds)
    grow(block, _thinned(block, scatter(box, 5.4, chance), seed=41, wave_m=70, share=share), (1.2, 3.4), kinds)
    grow(block, _thinned(block, scatter(box, 6.0, chance), seed=43, wave_m=40, share=0.5), (0.6, 1.8), ["bush", "dry"])


def scrub(block: Block, box: Box = WHOLE) -> None:
    """Grow open scrub: thin grass, bushes in clusters, single trees, trodden paths."""
    chance = block.chance
    block.patch(box, surface("scrub", tone=chance.uniform(0.92, 1.08), bias=chance.uniform(-0.8, 1.0)))
    share = chance.uniform(0.2, 0.5)
    grow(
        block, _thinned(block, scatter(box, 5.2, chance), seed=45, wave_m=55, share=share), (0.7, 2.6), ["bush", "dry"]
    )
    grow(
        block,
        _thinned(block, scatter(box, 9.0, chance), seed=47, wave_m=80, share=share * 0.8),
        (1.6, 4.8),
        ["broad", "dry", "mango"],
    )
    worn(block, box, chance.choice([2, 6, 12]))
    for _ in range(chance.choice([1, 2, 3])):
        path(block, box)


def path(block: Block, box: Box) -> None:
    """Tread a winding path across a box."""
    chance = block.chance
    u0, v0, u1, v1 = box
    start = (u0, chance.uniform(v0, v1)) if chance.random() < 0.5 else (chance.uniform(u0, u1), v0)
    end = (u1, chance.uniform(v0, v1)) if chance.random() < 0.5 else (chance.uniform(u0, u1), v1)
    bow = chance.uniform(-0.12, 0.12)
    steps = [n / 8 for n in range(9)]
    line = [
        (
            start[0] + (end[0] - start[0]) * t - (end[1] - start[1]) * bow * math.sin(math.pi * t),
            start[1] + (end[1] - start[1]) * t + (end[0] - start[0]) * bow * math.sin(2.3 * math.pi * t),
        )
        for t in steps
    ]
    block.line(line, surface("track", tone=chance.uniform(0.86, 0.98)), width_m=chance.uniform(0.9, 1.8), layer=DETAIL)


def bare(block: Block) -> None:
    """Leave ground bare: soil in patches, wheel tracks, a few bushes."""
    chance = block.chance
    block.patch(WHOLE, surface(chance.choice(["fallow", "dirt", "redsoil"]), tone=0.95, bias=chance.uniform(-0.4, 0.4)))
    for _ in range(7):
        u, v = chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.9)
        kind = chance.choice(["dirt", "redsoil", "scrub", "scrub"])
        block.blob(u, v, chance.uniform(8, 34), surface(kind, tone=chance.uniform(0.92, 1.04)), layer=LAND)
    grow(block, _thinned(block, scatter(WHOLE, 9, chance), seed=49, wave_m=60, share=0.3), (0.6, 2.4), ["bush", "dry"])
    for _ in range(3):
        path(block, WHOLE)


def pond(block: Block, u: float, v: float, radius_m: float) -> None:
    """Dig a pond: a trodden bank, water, weed in a corner, trees around."""
    chance = block.chance
    block.kept_free.append((u, v, radius_m))
    block.blob(u, v, radius_m, surface("bund"), layer=DETAIL, grow_m=7)
    block.blob(u, v, radius_m, surface("bank", tone=chance.uniform(0.92, 1.05)), layer=DETAIL, grow_m=2.2)
    water = surface("pond", tone=chance.uniform(0.75, 1.12), warmth=chance.uniform(-0.05, 0.06))
    block.blob(u, v, radius_m, water, layer=DETAIL)
    if chance.random() < 0.4:
        block.blob(u + 0.4 * radius_m * METRE, v, radius_m * 0.42, surface("weed"), layer=DETAIL)
    turns = [chance.uniform(0, 6.28) for _ in range(chance.choice([3, 6, 10]))]
    reach = (radius_m + 7) * METRE * 1.1
    ring = np.array([(u + reach * math.cos(t), v + reach * math.sin(t)) for t in turns])
    grow(block, ring, (1.6, 4.5), ["palm", "mango", "broad"])
