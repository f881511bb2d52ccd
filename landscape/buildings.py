"""Buildings: roofs as planes that the sun falls on, and what lies on them. Also a scripted house is made here."""

from __future__ import annotations

import math
import random

import numpy as np

from landscape.blocks import BUILT, PX_PER_M, Shape
from landscape.noise import Positions
from landscape.surfaces import Surface, surface

Site = tuple[float, float, float]  # x, y of the middle in world pixels; direction of the long side in radians


def rectangle(site: Site, long_m: float, wide_m: float, *, ahead_m: float = 0, aside_m: float = 0) -> Positions:
    """Return the corners of a rectangle around a site's middle, or that far along and across its direction from it."""
    x, y, turn = site
    along = np.array([math.cos(turn), math.sin(turn)]) * PX_PER_M
    across = np.array([-math.sin(turn), math.cos(turn)]) * PX_PER_M
    middle = np.array([x, y]) + along * ahead_m + across * aside_m
    a, b = along * long_m / 2, across * wide_m / 2
    return np.array([middle - a - b, middle + a - b, middle + a + b, middle - a + b])


def _built(points: Positions, roof: Surface, height_m: float, width: int = 0) -> Shape:
    return Shape(points, roof, BUILT, width, height_m)


def flat_roof(site: Site, long_m: float, wide_m: float, chance: random.Random, *, storeys: int = 1) -> list[Shape]:
    """Make a concrete house: a slab with a parapet, a stair head, a tank."""
    height = 3.2 * storeys + 0.4
    tone = chance.uniform(0.82, 1.16)
    body = rectangle(site, long_m, wide_m)
    slab = surface(chance.choice(["slab", "slab", "slab", "white", "green"]), tone=tone, bias=chance.uniform(-1.4, 0.8))
    shapes = [
        _built(body, slab, height),
        _built(np.concatenate([body, body[:1]]), surface("wall", tone=tone * 1.08), height + 0.6, width=1),
    ]
    if long_m > 8 and wide_m > 6 and chance.random() < 0.65:
        ahead, aside = chance.choice([-1, 1]) * (long_m / 2 - 2), chance.choice([-1, 1]) * (wide_m / 2 - 1.7)
        head = rectangle(site, 3.2, 2.6, ahead_m=ahead, aside_m=aside)
        shapes.append(_built(head, surface("slab", tone=tone * 1.12, bias=1), height + 2.4))
    for _ in range(chance.choice([0, 1, 1, 2])):
        ahead, aside = chance.uniform(-0.35, 0.35) * long_m, chance.uniform(-0.35, 0.35) * wide_m
        tank = rectangle(site, 1.2, 1.2, ahead_m=ahead, aside_m=aside)
        shapes.append(_built(tank, surface(chance.choice(["dark", "white", "wall"])), height + 1.3))
    return shapes


def pitched_roof(
    site: Site, long_m: float, wide_m: float, chance: random.Random, *, cover: str, height_m: float = 3.4
) -> list[Shape]:
    """Make a house or shed under a gable, sometimes hipped, roof of that cover."""
    turn = site[2]
    pitch = {"tile": 0.5, "thatch": 0.6}.get(cover, 0.25) * chance.uniform(0.8, 1.2)
    tone, warmth = chance.uniform(0.8, 1.15), chance.uniform(-0.04, 0.05)
    a, b, c, d = rectangle(site, long_m, wide_m)
    hip = chance.uniform(0.25, 0.45) * wide_m if cover in ("tile", "thatch") and chance.random() < 0.5 else 0.0
    along = np.array([math.cos(turn), math.sin(turn)]) * PX_PER_M
    west = (a + d) / 2 + along * hip
    east = (b + c) / 2 - along * hip
    across = (-math.sin(turn), math.cos(turn))
    ribs = 1 / (PX_PER_M * (1.1 if cover in ("tin", "blue", "rust", "green", "white") else 0.9))

    def plane(points: list[Positions], x_slope: float, y_slope: float) -> Shape:
        patchy = chance.uniform(0.93, 1.06)
        row = (-across[1] * ribs, across[0] * ribs) if abs(x_slope * across[0] + y_slope * across[1]) > 0.1 else (0, 0)
        look = surface(
            cover,
            tone=tone * patchy,
            warmth=warmth,
            normal=(x_slope * pitch, y_slope * pitch),
            row=row,
            rows=0.035,
            bias=chance.uniform(-1.2, 1.2),
        )
        return _built(np.array(points), look, height_m + pitch * wide_m / 4)

    shapes = [
        plane([a, b, east, west], -across[0], -across[1]),
        plane([d, c, east, west], across[0], across[1]),
    ]
    if hip:
        ahead = (math.cos(turn), math.sin(turn))
        shapes += [plane([b, c, east], *ahead), plane([a, d, west], -ahead[0], -ahead[1])]
    ridge = surface(cover, tone=tone * 0.9, warmth=warmth)
    shapes.append(_built(np.array([west, east]), ridge, height_m + pitch * wide_m / 2, width=1))
    return shapes


def house(site: Site, long_m: float, wide_m: float, chance: random.Random) -> list[Shape]:
    """Make one of the houses of a village or a suburb."""
    kind = chance.random()
    if kind < 0.42:
        shapes = flat_roof(site, long_m, wide_m, chance, storeys=chance.choice([1, 1, 2]))
        if chance.random() < 0.4:  # a wing
            x, y, turn = site
            reach = chance.uniform(0.25, 0.45) * long_m
            side = chance.choice([-1, 1]) * wide_m * 0.62 * PX_PER_M
            wing = (x - math.sin(turn) * side, y + math.cos(turn) * side, turn)
            shapes = flat_roof(wing, reach, wide_m * 0.6, chance) + shapes
        return shapes
    cover = chance.choice(["tile", "tile", "tin", "tin", "rust", "thatch", "thatch", "blue", "white"])
    return pitched_roof(site, long_m, wide_m, chance, cover=cover)


def hut(site: Site, chance: random.Random) -> list[Shape]:
    """Make a small outbuilding."""
    size = chance.uniform(2.5, 5)
    return pitched_roof(
        site, size * 1.4, size, chance, cover=chance.choice(["tin", "rust", "thatch", "tile"]), height_m=2.3
    )


def shed(site: Site, long_m: float, wide_m: float, chance: random.Random) -> list[Shape]:
    """Make an industrial shed with roof lights."""
    cover = chance.choice(["tin", "tin", "blue", "white", "rust", "green"])
    shapes = pitched_roof(site, long_m, wide_m, chance, cover=cover, height_m=6.5)
    lights = surface("white", tone=0.96)
    for ahead in np.arange(-long_m / 2 + 5, long_m / 2 - 4, chance.uniform(6, 9)):
        for aside in (-0.25, 0.25):
            strip = rectangle(site, 1.0, wide_m * 0.3, ahead_m=float(ahead), aside_m=aside * wide_m)
            shapes.append(_built(strip, lights, 7.5))
    return shapes
