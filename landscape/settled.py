"""Covers that people built: villages, suburbs, works, quarries; and the roads between the blocks."""

from __future__ import annotations

import math

import numpy as np

from landscape import buildings, growing
from landscape.blocks import DETAIL, LAND, PX_PER_M, Block, Box, split
from landscape.growing import METRE, WHOLE
from landscape.noise import Positions, hashed
from landscape.surfaces import surface

_YARDS = ["dirt", "dirt", "garden", "garden", "grass", "track", "redsoil"]


def _sites(block: Block, plots: list[Box]) -> list[buildings.Site]:
    """Return each plot's middle on the ground and the direction of its u side."""
    middles = np.array([((u0 + u1) / 2, (v0 + v1) / 2) for u0, v0, u1, v1 in plots])
    ahead = np.array([0.004, 0.0])
    ground = block.at(np.stack([middles - ahead, middles + ahead], 1))
    way = ground[:, 1] - ground[:, 0]
    return [
        (float((a[0] + b[0]) / 2), float((a[1] + b[1]) / 2), math.atan2(d[1], d[0]))
        for (a, b), d in zip(ground, way, strict=True)
    ]


def _homestead(block: Block, plot: Box, site: buildings.Site, *, crowded: float) -> None:
    """Fill a plot: a yard, a house near its front, an outbuilding, trees."""
    chance = block.chance
    u0, v0, u1, v1 = plot
    wide_m, deep_m = (u1 - u0) / METRE, (v1 - v0) / METRE
    block.patch(plot, surface(chance.choice(_YARDS), tone=chance.uniform(0.88, 1.06), bias=chance.uniform(-1, 1)))
    if chance.random() < 0.45:
        look = surface(chance.choice(["wall", "bund", "dark", "bund"]), tone=0.9)
        block.patch(plot, look, layer=DETAIL, width=chance.choice([1, 2]))
    if chance.random() > crowded:  # an empty plot, or one with a garden
        growing.grow(block, growing.scatter(plot, 6.5, chance), (0.7, 3.4), ["mango", "broad", "bush", "palm"])
        return
    x, y, turn = site
    long_m = min(wide_m * 0.8, chance.uniform(7, 15))
    deep = min(deep_m * 0.62, long_m * chance.uniform(0.55, 0.95))
    back = chance.choice([-1, 1]) * max(0.0, deep_m / 2 - deep / 2 - 2.0) * chance.uniform(0.3, 1) * PX_PER_M
    spot = (x - math.sin(turn) * back, y + math.cos(turn) * back, turn + chance.gauss(0, 0.04))
    if chance.random() < 0.2 and deep_m > 12:
        spot = (spot[0], spot[1], spot[2] + math.pi / 2)
        long_m, deep = max(deep, 6.0), min(long_m, wide_m * 0.7)
    for shape in buildings.house(spot, long_m, deep, chance):
        block.stand(shape)
    if chance.random() < 0.5:
        side = chance.uniform(-0.35, 0.35) * wide_m * PX_PER_M
        out = (x + math.cos(turn) * side + math.sin(turn) * back, y + math.sin(turn) * side - math.cos(turn) * back)
        for shape in buildings.hut((*out, turn + chance.gauss(0, 0.1)), chance):
            block.stand(shape)
    for _ in range(chance.choice([0, 1, 2, 2, 3, 4])):
        edge = chance.choice([(u0, chance.uniform(v0, v1)), (u1, chance.uniform(v0, v1)), (chance.uniform(u0, u1), v1)])
        growing.grow(block, np.array([edge]), (0.9, 4.4), ["mango", "broad", "palm", "palm", "bush"])


def homes(block: Block, box: Box = WHOLE, *, crowded: float, plot_m: float) -> None:
    """Build a quarter: lanes, and plots along them."""
    chance = block.chance
    block.patch(box, surface("garden", bias=chance.uniform(-0.5, 0.5)))
    for part in split(box, chance, long_m=plot_m * 4.6, wide_m=plot_m * 2.7):
        lane = surface(chance.choice(["track", "track", "dirt", "paving"]), tone=chance.uniform(0.9, 1.04))
        block.patch(part, lane, layer=DETAIL, width=round(chance.uniform(2.2, 4.2) * PX_PER_M))
        gap = 1.8 * METRE
        inner = (part[0] + gap, part[1] + gap, part[2] - gap, part[3] - gap)
        plots = split(inner, chance, long_m=plot_m * 1.5, wide_m=plot_m * 0.95)
        sites = _sites(block, plots)
        middles = np.array([((u0 + u1) / 2, (v0 + v1) / 2) for u0, v0, u1, v1 in plots])
        dry = block.is_dry(np.array([site[:2] for site in sites]), away=0.03) & block.is_free(middles, away_m=10)
        for plot, site, is_dry in zip(plots, sites, dry, strict=True):
            if is_dry:
                _homestead(block, plot, site, crowded=crowded)


def village(block: Block) -> None:
    """Build an old village with its pond."""
    chance = block.chance
    place = (chance.uniform(0.3, 0.7), chance.uniform(0.3, 0.7), chance.uniform(11, 20))
    has_pond = chance.random() < 0.5
    if has_pond:
        block.kept_free.append(place)
    homes(block, crowded=0.9, plot_m=14)
    if has_pond:
        growing.pond(block, *place)


def fringe(block: Block) -> None:
    """Build houses along one side of the block and leave the rest to fields or trees."""
    chance = block.chance
    cut = chance.uniform(0.3, 0.6)
    lots: tuple[Box, Box] = chance.choice(
        [((0, 0, 1, cut), (0, cut, 1, 1)), ((0, 1 - cut, 1, 1), (0, 0, 1, 1 - cut)), ((0, 0, cut, 1), (cut, 0, 1, 1))]
    )
    chance.choice([growing.fields, growing.fields, growing.orchard, growing.scrub])(block, lots[1])
    homes(block, lots[0], crowded=chance.uniform(0.55, 0.85), plot_m=chance.uniform(16, 23))


def works(block: Block) -> None:
    """Build an industrial yard: sheds, stores, lorries, open ground."""
    chance = block.chance
    block.patch(WHOLE, surface("dirt", tone=0.96, bias=chance.uniform(-0.4, 0.6)))
    for lot in split(WHOLE, chance, long_m=110, wide_m=80):
        block.patch(lot, surface(chance.choice(["dirt", "paving", "fallow", "grass"]), bias=chance.uniform(-1, 1)))
        block.patch(lot, surface("wall", tone=0.9), layer=DETAIL, width=2)
        growing.hedge(block, [(lot[0], lot[1]), (lot[2], lot[1])], 7)
        if chance.random() < 0.22:
            growing.grow(block, growing.scatter(lot, 9, chance), (0.8, 3.2), ["bush", "dry", "broad"])
            continue
        u0, v0, u1, v1 = lot
        (site,) = _sites(block, [lot])
        for part in split(
            (u0 + 5 * METRE, v0 + 5 * METRE, u1 - 5 * METRE, v1 - 5 * METRE), chance, long_m=60, wide_m=34
        ):
            wide, deep = (part[2] - part[0]) / METRE, (part[3] - part[1]) / METRE
            (site,) = _sites(block, [part])
            if not block.is_dry(np.array([site[:2]]), away=0.03)[0] or chance.random() < 0.2:
                continue
            long_side, turn = max(wide, deep), site[2] + (math.pi / 2 if deep > wide else 0)
            for shape in buildings.shed((site[0], site[1], turn), long_side * 0.8, min(wide, deep) * 0.72, chance):
                block.stand(shape)


def quarry(block: Block) -> None:
    """Cut a stone quarry into scrub: spoil around, benches, water at the bottom."""
    chance = block.chance
    growing.scrub(block)
    u, v, radius = chance.uniform(0.4, 0.6), chance.uniform(0.4, 0.6), chance.uniform(38, 62)
    block.kept_free.append((u, v, radius * 0.8))
    block.blob(u, v, radius, surface("rock", tone=0.94), layer=LAND, grow_m=14)
    for step, look in enumerate(["rock", "pit", "rock", "pit"]):
        ring = surface(look, tone=1.0 - 0.05 * step, bias=chance.uniform(-1, 1))
        aside, size = step * 5.0 * METRE, radius * (1 - 0.2 * step)
        block.blob(u + aside, v - aside * 0.6, size, ring, layer=DETAIL)
    for step in range(9):
        heap = surface(["dirt", "pit", "scrub"][step % 3], tone=1.04)
        reach = (radius + 3 - step) * METRE
        block.blob(u + reach * math.cos(step * 2.4), v + reach * math.sin(step * 2.4), 5 + step % 4, heap, layer=DETAIL)
    block.blob(u + 16 * METRE, v - 8 * METRE, radius * 0.22, surface("pond", tone=1.1), layer=DETAIL)
    gate = u + radius * 0.7 * METRE
    block.line([(gate, v + 0.03), (gate + 0.12, v - 0.04), (1.0, v - 0.2)], surface("track", tone=0.94), width_m=5)


def _edge(block: Block, ends: tuple[tuple[float, float], tuple[float, float]], kind: float) -> None:
    """Lay what runs along one border of a block: a road, a track, a hedge, or nothing."""
    chance = block.chance
    line = list(ends)
    if kind < 0.14:
        block.line(line, surface("dirt", tone=chance.uniform(0.9, 1)), width_m=11)
        block.line(line, surface("asphalt", tone=chance.uniform(0.9, 1.12)), width_m=7)
    elif kind < 0.26:
        block.line(line, surface("bund"), width_m=7)
        block.line(line, surface("paving", tone=chance.uniform(0.88, 1)), width_m=4)
    elif kind < 0.6:
        block.line(line, surface("bund"), width_m=6.5)
        block.line(line, surface("track", tone=chance.uniform(0.9, 1.02)), width_m=chance.uniform(3, 4.5))
    elif kind < 0.8:
        block.line(line, surface("bund"), width_m=4.5)
        block.line(line, surface("track", tone=0.9), width_m=2.6)
        block.line(line, surface("bund", tone=1.03), width_m=0.8)
    if chance.random() < 0.55:
        aside = chance.choice([-1, 1]) * 5.5 * METRE
        (u0, v0), (u1, v1) = ends
        shift = (0.0, aside) if v0 == v1 else (aside, 0.0)
        growing.hedge(block, [(u0 + shift[0], v0 + shift[1]), (u1 + shift[0], v1 + shift[1])], chance.uniform(5, 12))


def borders(block: Block) -> None:
    """Lay the roads along the north and the west of a block: each goes on for three blocks or more."""
    column, row = block.column, block.row
    keys: Positions = hashed(
        61, np.array([column // 3, column * 2 + 10_000_001]), np.array([row * 2 + 10_000_000, row // 3])
    )
    _edge(block, ((0.0, 0.0), (1.0, 0.0)), float(keys[0]))
    _edge(block, ((0.0, 0.0), (0.0, 1.0)), float(keys[1]))
