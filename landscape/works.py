"""How works are drawn: outlines and shapes of houses, ponds, pits, roads and cleared ground, in the ground's metres.

Places are pixels from the north-west corner of the demo area's nine tiles.
"""

from __future__ import annotations

import math
import random

import numpy as np

from chalicelib.domain.tiles import gsd_m, position
from landscape import buildings
from landscape.blocks import DETAIL, PX_PER_M, Shape
from landscape.buildings import Site
from landscape.noise import Positions
from landscape.surfaces import Surface, surface

ZOOM, TILE_PX = 17, 1024
WEST, NORTH = 96_742, 57_985  # the first of the 3 x 3 tiles
CENTER = position(WEST + 1.5, NORTH + 1.5, ZOOM)
M_PER_PX = gsd_m(CENTER[1], ZOOM, TILE_PX)


def on_ground(points: Positions, look: Surface) -> Shape:
    """Lay a surface flat on the ground."""
    return Shape(points, look, DETAIL, 0, 0.0)


def site(x: float, y: float, turn: float) -> Site:
    """Make a site of a place and a direction in degrees."""
    return (WEST * TILE_PX + x, NORTH * TILE_PX + y, math.radians(turn))


def metres(length_m: float) -> float:
    """Convert metres on the ground here to the drawing's, which are those of 20 N."""
    return length_m / M_PER_PX / PX_PER_M  # the drawing's metre is that of 20 N, the claim's is the ground's


def flat(site: Site, long_m: float, wide_m: float, seed: int, storeys: int = 1) -> list[Shape]:
    """Make a concrete house of that size on the ground."""
    return buildings.flat_roof(site, metres(long_m), metres(wide_m), random.Random(seed), storeys=storeys)


def gable(site: Site, long_m: float, wide_m: float, cover: str, height_m: float = 3.4) -> list[Shape]:
    """Make a pitched roof of that size on the ground."""
    chance = random.Random(round(site[0]))
    return buildings.pitched_roof(site, metres(long_m), metres(wide_m), chance, cover=cover, height_m=height_m)


def plan(site: Site, long_m: float, wide_m: float) -> Positions:
    """Return the outline of a house or a plot."""
    return buildings.rectangle(site, metres(long_m), metres(wide_m))


def ring(site: Site, radius_m: float, squeeze: float, *, inset_m: float = 0.0) -> Positions:
    """Return a roundish outline; the same site gets the same form at every inset."""
    chance = random.Random(round(site[0] * 31 + site[1]))
    turns = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    reach = np.full(72, 1.0)
    for wave in range(2, 18):
        reach += chance.uniform(0.05, 0.3) / wave * np.cos(wave * turns + chance.uniform(0, 6.28))
    reach = (reach * radius_m - inset_m) / M_PER_PX
    x, y = reach * np.cos(turns), reach * squeeze * np.sin(turns)
    cos, sin = math.cos(site[2]), math.sin(site[2])
    return np.stack([site[0] + x * cos - y * sin, site[1] + x * sin + y * cos], -1)


def strip(ends: list[tuple[float, float]], width_m: float) -> Positions:
    """Return the outline of a road along a line of places."""
    line = np.array(ends, float) + np.array([WEST, NORTH]) * TILE_PX
    steps = np.concatenate(
        [line[n] + (line[n + 1] - line[n]) * np.linspace(0, 1, 9)[:-1, None] for n in range(len(line) - 1)]
    )
    steps = np.concatenate([steps, line[-1:]])
    steps[1:-1] = (steps[:-2] + steps[1:-1] * 2 + steps[2:]) / 4
    ahead = np.gradient(steps, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], -1) / np.hypot(*ahead.T)[:, None] * width_m / 2 / M_PER_PX
    return np.concatenate([steps + across, (steps - across)[::-1]])


def water(site: Site, radius_m: float, squeeze: float) -> tuple[Shape, ...]:
    """Fill a hollow with water, inside a trodden bank."""
    return (
        on_ground(ring(site, radius_m, squeeze), surface("bank")),
        on_ground(ring(site, radius_m, squeeze, inset_m=1.4), surface("pond", tone=0.95)),
    )


def pit(site: Site, radius_m: float, squeeze: float) -> tuple[Shape, ...]:
    """Dig two benches and a wet floor, off the middle: the walls throw shadows into them."""
    x, y, turn = site
    benches = [
        on_ground(ring((at_x, at_y, turn + look_turn), radius_m * share, squeeze), surface(look, tone=1.02))._replace(
            height_m=height
        )
        for at_x, at_y, share, look_turn, look, height in (
            (x + 14, y - 10, 0.66, 0.4, "pit", -5.0),
            (x + 24, y - 13, 0.36, 0.9, "rock", -10.0),
        )
    ]
    heaps = [
        on_ground(ring((x + 88 * math.cos(n * 1.9 + 2), y + 74 * math.sin(n * 1.9 + 2), n), 4.5, 0.6), surface(look))
        for n, look in enumerate(["dirt", "pit", "dirt", "fallow"])
    ]
    water = on_ground(ring((x + 34, y - 4, turn), radius_m * 0.14, 0.6), surface("pond", tone=1.15))
    floor = on_ground(ring(site, radius_m, squeeze), surface("rock"))
    return (floor, *heaps, *benches, water._replace(height_m=-10.0))


def felled(site: Site, radius_m: float, squeeze: float, look: str) -> tuple[Shape, ...]:
    """Clear ground of trees: bare soil, wheel tracks, heaps of brushwood."""
    chance = random.Random(round(site[0]))
    reach = radius_m * 0.6 / M_PER_PX
    parts = [on_ground(ring(site, radius_m, squeeze), surface(look))]
    for _ in range(30):
        x, y = site[0] + chance.uniform(-reach, reach), site[1] + chance.uniform(-reach, reach) * squeeze
        heap = ring((x, y, chance.uniform(0, 3)), chance.uniform(0.8, 3.4), 0.5)
        parts.append(on_ground(heap, surface(chance.choice(["litter", "fallow", "soil", "dirt", "stubble"]))))
    return tuple(parts)


def homestead(site: Site) -> tuple[Shape, ...]:
    """Make a yard with a house and a shed."""
    yard = on_ground(plan(site, 22, 17), surface("dirt", tone=0.97))
    x, y, turn = site
    shed = (x + math.cos(turn) * 28, y + math.sin(turn) * 28, turn + math.pi / 2)
    return (
        yard,
        *flat((x - math.cos(turn) * 12, y - math.sin(turn) * 12, turn), 12, 9, 5, 2),
        *gable(shed, 5, 3, "tin"),
    )
