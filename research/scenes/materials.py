"""What simulated land is made of: noise, colours, kinds of ground, things that stand on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

Rng = np.random.Generator


def noise(r: Rng, n: int, cell_px: float, octaves: int = 3) -> np.ndarray:
    """Smooth noise of about unit spread, with features of `cell_px` and finer."""
    out = np.zeros((n, n), np.float32)
    for o in range(octaves):
        side = max(2, int(n / max(cell_px / 2**o, 1.0)) + 2)
        grid = r.normal(0, 1, (min(side, n), min(side, n))).astype(np.float32)
        out += cv2.resize(grid, (n, n), interpolation=cv2.INTER_CUBIC) * 0.6**o
    return out / (out.std() + 1e-6)


def hsv(r: Rng, h: tuple, s: tuple, v: tuple) -> np.ndarray:
    """A colour (BGR, 0 to 255) from ranges of hue (degrees), saturation and value."""
    px = np.float32([[[r.uniform(*h) % 360, r.uniform(*s), r.uniform(*v)]]])
    return cv2.cvtColor(px, cv2.COLOR_HSV2BGR)[0, 0] * 255


GROUND = {  # hue, saturation, value; spread of texture; how much of the texture lasts between dates
    "crop": ((25, 110), (0.15, 0.5), (0.25, 0.6), (2, 9), (0.0, 0.5)),
    "grass": ((45, 110), (0.12, 0.45), (0.25, 0.5), (4, 12), (0.3, 0.8)),
    "bare": ((20, 45), (0.12, 0.4), (0.4, 0.8), (4, 14), (0.2, 0.7)),
    "scrub": ((30, 110), (0.1, 0.35), (0.25, 0.55), (6, 16), (0.3, 0.8)),
    "forest": ((60, 140), (0.2, 0.5), (0.12, 0.35), (5, 12), (0.3, 0.7)),
    "town": ((20, 110), (0.1, 0.4), (0.3, 0.55), (5, 14), (0.3, 0.8)),
    "works": ((10, 60), (0.02, 0.2), (0.45, 0.75), (3, 10), (0.4, 0.8)),
    "water": ((70, 220), (0.1, 0.5), (0.1, 0.35), (0.5, 2), (0.0, 0.3)),
}
ROOFS = [
    ((0, 25), (0.25, 0.65), (0.35, 0.75)),
    ((0, 360), (0.0, 0.08), (0.22, 0.55)),
    ((0, 360), (0.0, 0.06), (0.7, 1.0)),
    ((200, 225), (0.3, 0.7), (0.4, 0.8)),
    ((20, 40), (0.1, 0.35), (0.35, 0.7)),
]


@dataclass
class Thing:
    """A thing on the ground: polygon in px, height in m, colours; there at either date or both."""

    kind: str
    at: tuple[bool, bool]
    polygon: np.ndarray
    height_m: float = 0.0
    colours: list = field(default_factory=list)
    axis: np.ndarray | None = None
    centre: tuple = (0.0, 0.0)
    radius: float = 0.0
    width: int = 1


def rectangle(c, w, h, a):
    u, v = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    return np.array(
        [c + u * w / 2 + v * h / 2, c - u * w / 2 + v * h / 2, c - u * w / 2 - v * h / 2, c + u * w / 2 - v * h / 2]
    )


def ground(r: Rng, kind: str, angle: float, mpp: float) -> dict:
    """Make up a ground of that kind: its colour, texture, rows and strips."""
    h, s, v, amount, lasts = GROUND[kind]
    strips = r.normal(0, 1, (64, 3)) * r.uniform(4, 22) if kind == "crop" and r.random() < 0.4 else None
    return {
        "strips": strips,
        "strip": (r.uniform(8, 45)) / mpp,
        "kind": kind,
        "colour": hsv(r, h, s, v),
        "amount": r.uniform(*amount),
        "lasts": r.uniform(*lasts),
        "rows": (r.uniform(0, 8) if kind == "crop" and r.random() < 0.6 else 0.0),
        "pitch": (r.uniform(1.5, 8)) / mpp,
        "turn": angle + r.choice([0, np.pi / 2]) + r.normal(0, 0.05),
        "broad": r.uniform(1, 9) if r.random() < 0.8 else r.uniform(8, 20),
    }
