"""What the land is covered with: colours through the year, and how rough each surface is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from landscape.noise import Floats

Colour = tuple[int, int, int]  # blue, green, red as the image shows them in full sun


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Two colours that mix in patches, each in the dry and in the rainy months, and a roughness."""

    dry: tuple[Colour, Colour]
    lush: tuple[Colour, Colour] | None = None
    grain: float = 0.05
    clump: float = 0.05
    contrast: float = 0.75  # how sharply the two colours part
    wets: float = 0.0  # how much darker when wet


MATERIALS: dict[str, Material] = {
    "soil": Material(dry=((84, 99, 113), (64, 78, 91)), wets=0.14, grain=0.04, clump=0.05),
    "redsoil": Material(dry=((94, 116, 140), (74, 94, 116)), wets=0.14, grain=0.04, clump=0.06),
    "dirt": Material(dry=((128, 146, 160), (96, 114, 130)), wets=0.08, grain=0.05, clump=0.06),
    "track": Material(dry=((146, 168, 182), (112, 132, 148)), wets=0.08, grain=0.04, clump=0.05),
    "asphalt": Material(dry=((97, 97, 96), (86, 88, 89)), wets=0.08, grain=0.025, clump=0.025),
    "paving": Material(dry=((152, 158, 160), (128, 135, 140)), wets=0.06, grain=0.03, clump=0.05),
    "marking": Material(dry=((168, 170, 170), (150, 152, 152)), grain=0.03, clump=0.03),
    "grass": Material(
        dry=((84, 112, 116), (68, 95, 94)), lush=((66, 104, 92), (52, 86, 74)), grain=0.07, clump=0.10, wets=0.05
    ),
    "scrub": Material(
        dry=((88, 109, 118), (66, 90, 90)), lush=((72, 102, 97), (54, 84, 74)), grain=0.09, clump=0.13, wets=0.06
    ),
    "litter": Material(
        dry=((62, 80, 84), (50, 68, 66)), lush=((50, 74, 68), (42, 62, 54)), grain=0.10, clump=0.15, wets=0.06
    ),
    "garden": Material(
        dry=((72, 98, 96), (88, 106, 116)), lush=((60, 92, 80), (72, 98, 96)), grain=0.10, clump=0.13, wets=0.06
    ),
    "paddy": Material(
        dry=((70, 98, 90), (92, 116, 116)), lush=((60, 95, 78), (74, 102, 94)), grain=0.035, clump=0.05, wets=0.05
    ),
    "pulses": Material(
        dry=((60, 84, 78), (84, 102, 104)), lush=((55, 84, 72), (72, 94, 88)), grain=0.05, clump=0.07, wets=0.05
    ),
    "cane": Material(
        dry=((58, 84, 74), (50, 74, 66)), lush=((52, 82, 68), (44, 70, 58)), grain=0.09, clump=0.10, wets=0.03
    ),
    "grain": Material(
        dry=((102, 130, 138), (82, 108, 112)), lush=((86, 118, 118), (68, 98, 96)), grain=0.03, clump=0.05, wets=0.05
    ),
    "stubble": Material(
        dry=((116, 136, 146), (88, 106, 116)), lush=((102, 124, 128), (76, 98, 102)), grain=0.035, clump=0.07, wets=0.08
    ),
    "fallow": Material(
        dry=((100, 116, 124), (74, 94, 97)), lush=((84, 106, 106), (60, 86, 80)), grain=0.05, clump=0.10, wets=0.08
    ),
    "bund": Material(
        dry=((106, 128, 136), (72, 96, 97)), lush=((90, 116, 114), (60, 90, 82)), grain=0.07, clump=0.16, wets=0.05
    ),
    "bank": Material(dry=((92, 114, 126), (74, 98, 100)), wets=0.08, grain=0.07, clump=0.09),
    "pond": Material(dry=((78, 86, 72), (68, 78, 62)), grain=0.012, clump=0.012, contrast=0.4),
    "river": Material(dry=((92, 100, 90), (84, 94, 82)), grain=0.012, clump=0.016, contrast=0.4),
    "weed": Material(dry=((62, 100, 76), (56, 86, 66)), grain=0.06, clump=0.10),
    "rock": Material(dry=((132, 148, 162), (98, 116, 132)), wets=0.06, grain=0.07, clump=0.11),
    "pit": Material(dry=((104, 122, 138), (80, 97, 114)), wets=0.08, grain=0.07, clump=0.10),
    "slab": Material(dry=((150, 155, 156), (116, 122, 124)), grain=0.03, clump=0.06),
    "white": Material(dry=((206, 209, 209), (186, 190, 191)), grain=0.015, clump=0.03),
    "tin": Material(dry=((158, 158, 152), (136, 138, 134)), grain=0.02, clump=0.04),
    "blue": Material(dry=((150, 112, 72), (138, 104, 70)), grain=0.02, clump=0.03),
    "rust": Material(dry=((84, 96, 124), (100, 112, 130)), grain=0.04, clump=0.08),
    "tile": Material(dry=((76, 90, 136), (68, 80, 116)), grain=0.05, clump=0.07),
    "thatch": Material(dry=((86, 104, 114), (72, 90, 98)), grain=0.06, clump=0.08),
    "green": Material(dry=((104, 122, 92), (96, 112, 86)), grain=0.02, clump=0.04),
    "wall": Material(dry=((150, 156, 158), (128, 134, 138)), grain=0.03, clump=0.04),
    "dark": Material(dry=((46, 48, 50), (40, 42, 44)), grain=0.03, clump=0.03),
    "red": Material(dry=((58, 56, 150), (54, 52, 140)), grain=0.01, clump=0.02),
}
_GROWN = len(MATERIALS)
_NUMBER = {name: number for number, name in enumerate(MATERIALS)}

CROWNS: dict[str, tuple[Colour, Colour]] = {  # dry, lush
    "broad": ((52, 78, 70), (46, 76, 60)),
    "mango": ((44, 68, 58), (40, 66, 52)),
    "dry": ((66, 92, 90), (54, 84, 72)),
    "palm": ((60, 88, 76), (52, 86, 66)),
    "bush": ((60, 84, 76), (50, 80, 64)),
    "bloom": ((74, 92, 104), (58, 84, 76)),
}
TONES = 7  # of each kind of crown: no two trees are quite alike
CROWN_NUMBER = {name: number for number, name in enumerate(CROWNS)}


class Surface(NamedTuple):
    """The surface of one shape: its material, and what is its own."""

    material: int
    tone: float  # brightness, 1 is the material's own
    warmth: float  # towards red and away from blue, about -0.1 to 0.1
    east: float  # the slope's normal, for roofs
    south: float
    row_x: float  # rows and furrows: their wave, in turns a pixel
    row_y: float
    rows: float  # and how strongly they show
    bias: float  # which of the material's two colours prevails


def surface(
    material: str,
    *,
    tone: float = 1.0,
    warmth: float = 0.0,
    normal: tuple[float, float] = (0.0, 0.0),
    row: tuple[float, float] = (0.0, 0.0),
    rows: float = 0.0,
    bias: float = 0.0,
) -> Surface:
    """Make a surface of a material by its name."""
    return Surface(_NUMBER[material], tone, warmth, *normal, *row, rows, bias)


def crowns() -> list[Surface]:
    """List the surfaces of the crowns: `TONES` of each kind, in the order of `CROWN_NUMBER`."""
    steps = [2 * n / (TONES - 1) - 1 for n in range(TONES)]
    return [
        Surface(_GROWN + kind, 1 + 0.19 * step, 0.06 * step, 0, 0, 0, 0, 0, 0.4 * step)
        for kind in range(len(CROWNS))
        for step in steps
    ]


def _all() -> list[Material]:
    grown = [
        Material(dry=(dry, _darker(dry)), lush=(lush, _darker(lush)), grain=0.13, clump=0.08)
        for dry, lush in CROWNS.values()
    ]
    return [*MATERIALS.values(), *grown]


def _darker(colour: Colour) -> Colour:
    return (round(colour[0] * 0.86), round(colour[1] * 0.86), round(colour[2] * 0.8))


def palette(lushness: float, wetness: float) -> tuple[Floats, Floats]:
    """Return the two colours of every material for a time of year: lushness and wetness from 0 to 1."""
    materials = _all()
    dry = np.array([m.dry for m in materials], np.float32)
    lush = np.array([m.lush or m.dry for m in materials], np.float32)
    colours = dry * np.float32(1 - lushness) + lush * np.float32(lushness)
    colours *= 1 - np.float32(wetness) * np.array([m.wets for m in materials], np.float32)[:, None, None]
    return colours[:, 0], colours[:, 1]


def roughness() -> Floats:
    """Return (grain, clump, contrast) of every material, shape (materials, 3)."""
    return np.array([(m.grain, m.clump, m.contrast) for m in _all()], np.float32)
