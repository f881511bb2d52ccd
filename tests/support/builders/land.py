"""Small images for the tests of vision: land with texture, and what may be built on it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from chalicelib.domain.scenes import Licence, ProviderTerms
from chalicelib.domain.tiles import Bounds, Tile, View, bounds_of

EVERYWHERE = Bounds(-180, -85, 180, 85)
VIEW = View(tile=Tile(18, 193_576, 115_950), tile_px=256, margin_px=32)  # about 0.56 m a pixel
CALM = View(tile=Tile(18, 193_576, 115_950), tile_px=64, margin_px=8)  # for the gate: small files


def terms(*, sends_placeholders: bool) -> ProviderTerms:
    licence = Licence(name="own", url="", attribution="", may_store=True, may_analyse=True)
    return ProviderTerms(
        name="stand-in", licence=licence, is_dated=True, sends_placeholders=sends_placeholders, cost_per_request_usd=0
    )


def land(side: int = 320, *, seed: int = 0, left: int = 0, top: int = 0) -> np.ndarray:
    """A landscape without end, seen from (left, top): meadow, bushes, a field, a road."""
    return _world(seed)[top : top + side, left : left + side].copy()


@cache
def _world(seed: int) -> np.ndarray:
    r = np.random.default_rng(seed)
    world = 1024
    ground = np.zeros((world, world), np.float32)
    for cell, strength in ((96, 9), (24, 8), (6, 9), (2, 5)):
        grid = r.normal(0, strength, (world // cell + 2,) * 2).astype(np.float32)
        ground += cv2.resize(grid, (world, world), interpolation=cv2.INTER_CUBIC)
    image = np.dstack([70 + ground, 105 + ground, 95 + ground])
    image[:, 500:640] += (20, 10, 35)
    cv2.line(image, (0, 300), (world, 420), (150, 155, 160), 12, cv2.LINE_AA)
    for x, y in r.integers(0, world, (260, 2)):
        cv2.circle(image, (int(x), int(y)), int(r.integers(4, 9)), (40, 70, 50), -1, cv2.LINE_AA)
    return np.clip(image, 0, 255).astype(np.uint8)


def house(image: np.ndarray, column: int, row: int, *, width: int = 24, height: int = 18) -> np.ndarray:
    """The image with a red-roofed house whose north-west corner is there, and its shadow."""
    built = image.copy()
    cv2.rectangle(built, (column + 5, row + 5), (column + width + 4, row + height + 4), (30, 35, 35), -1)
    cv2.rectangle(built, (column, row), (column + width - 1, row + height // 2), (70, 80, 200), -1)
    cv2.rectangle(built, (column, row + height // 2), (column + width - 1, row + height - 1), (50, 60, 150), -1)
    return built


def grained(image: np.ndarray) -> np.ndarray:
    """The image with the noise of a sensor, a grey level either way: what is equal to the bit is no ground."""
    noise = np.random.default_rng(8).integers(-1, 2, image.shape)
    return np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def tile_ground(view: View) -> Bounds:
    return bounds_of(view.tile)


def crop(image: np.ndarray, turn: int) -> np.ndarray:
    """The image with a field in its middle, grown with another crop each turn: other rows, another colour."""
    sown = image.copy()
    side = image.shape[0]
    box = slice(side // 3, side // 3 + 90)
    y, x = np.mgrid[0:90, 0:90].astype(np.float32)
    r = np.random.default_rng([turn, 5])
    way, pitch = r.uniform(0, np.pi), r.uniform(7, 14)
    rows = 16 * np.sin(2 * np.pi * (x * np.cos(way) + y * np.sin(way)) / pitch)
    colour = np.array([r.uniform(40, 110), r.uniform(90, 160), r.uniform(60, 190)])
    sown[box, box] = np.clip(colour + rows[..., None] + r.normal(0, 6, (90, 90, 1)), 0, 255)
    return sown


def village(side: int = 512, *, seed: int = 0, left: int = 0, top: int = 0, turn_deg: float = 0.0) -> np.ndarray:
    """Land with lanes, walls and houses that stand every way, seen from (left, top), or turned about the middle."""
    world = _village(seed)
    if not turn_deg:
        return world[256 + top : 256 + top + side, 256 + left : 256 + left + side].copy()
    middle = (256 + left + (side - 1) / 2, 256 + top + (side - 1) / 2)
    turned = cv2.warpAffine(world, cv2.getRotationMatrix2D(middle, turn_deg, 1.0), world.shape[1::-1])
    return turned[256 + top : 256 + top + side, 256 + left : 256 + left + side].copy()


@cache
def _village(seed: int) -> np.ndarray:
    r = np.random.default_rng([seed, 9])
    image = _world(seed).copy()
    for _ in range(14):
        ends = r.integers(0, 1024, (2, 2))
        width = int(r.integers(3, 9))
        cv2.line(image, ends[0].tolist(), ends[1].tolist(), (120, 150, 165), width, cv2.LINE_AA)
    for _ in range(90):
        box = (r.integers(0, 1024, 2).tolist(), r.integers(16, 44, 2).tolist(), float(r.uniform(0, 180)))
        corners = cv2.boxPoints(box).astype(np.int32)
        cv2.fillPoly(image, [corners + 4], (35, 40, 40))
        cv2.fillPoly(image, [corners], r.integers(60, 220, 3).tolist())
    return image
