"""The kinds of unseen ground, and of bright roofs, that `obscured.py` draws into real images."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

Made = tuple[np.ndarray, np.ndarray] | None
DATE = "2025-04-10 10:32"
BOTH = ("png", "jpeg 90", "jpeg 70")
LEVELS = {"black": (0, 0, 0), "white": (255, 255, 255), "grey": (127, 127, 127), "coloured": (200, 60, 20)}

INKS = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "yellow": (0, 255, 255),
    "red": (0, 0, 255),
    "cyan": (255, 255, 0),
}


class Kind(NamedTuple):
    """What is drawn: a function of the image, its metres a pixel and a generator, and how it is stored."""

    name: str
    draw: Callable[[np.ndarray, float, np.random.Generator], Made]
    endings: tuple[str, ...] = BOTH


def stored(image: np.ndarray, ending: str) -> np.ndarray:
    """Return the image as it comes back from a file."""
    if ending == "png":
        return image
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(ending.split()[1])]
    return cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)


def filled(image: np.ndarray, where: np.ndarray, level: tuple[int, int, int]) -> Made:
    """Return a copy without data there."""
    copy = image.copy()
    copy[where] = level
    return copy, where


def hole(level: tuple[int, int, int]) -> Callable:
    """Draw an ellipse or a turned rectangle of one value."""

    def draw(image: np.ndarray, _: float, r: np.random.Generator) -> Made:
        height, width = image.shape[:2]
        side = r.uniform(0.14, 0.4, 2) * min(height, width)
        middle = r.uniform(0.3, 0.7, 2) * (width, height)
        where = np.zeros((height, width), np.uint8)
        box = (middle.tolist(), side.tolist(), float(r.uniform(0, 180)))
        if r.random() < 0.5:
            cv2.ellipse(where, box, 1, -1)
        else:
            cv2.fillPoly(where, [cv2.boxPoints(box).astype(np.int32)], 1)
        return filled(image, where > 0, level)

    return draw


def wedge(level: tuple[int, int, int]) -> Callable:
    """Draw a wedge from one side of the image."""

    def draw(image: np.ndarray, _: float, r: np.random.Generator) -> Made:
        height, width = image.shape[:2]
        where = np.zeros((height, width), np.uint8)
        one, two = (r.uniform(0.1, 0.45, 2) * width).astype(int)
        cv2.fillPoly(where, [np.array([[0, 0], [one, 0], [two, height], [0, height]], np.int32)], 1)
        where = np.ascontiguousarray(np.rot90(where, int(r.integers(4)))) if height == width else where
        return filled(image, where > 0, level)

    return draw


def stripes(level: tuple[int, int, int], thick: int, turn: float, count: int) -> Callable:
    """Draw parallel gaps."""

    def draw(image: np.ndarray, _: float, r: np.random.Generator) -> Made:
        height, width = image.shape[:2]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        turned = np.radians(turn)
        along = x * np.sin(turned) + y * np.cos(turned)
        low, high = float(along.min()), float(along.max())
        pitch = (high - low) / (count + 1)
        offset = low + pitch * r.uniform(0.6, 1.4)
        if turn % 90 == 0:
            offset = round(offset)
        if count > 1 and pitch < 4 * thick:
            return None
        pitch = max(2, round(pitch)) if turn % 90 == 0 else pitch
        where = (along >= offset) & ((along - offset) % pitch < thick) & (along < offset + count * pitch)
        return filled(image, where, level)

    return draw


def cloud(image: np.ndarray, gsd_m: float, r: np.random.Generator, size_m: float) -> Made:
    """Draw one cloud of some metres: lumps with a soft rim, and a grain."""
    height, width = image.shape[:2]
    side = size_m / gsd_m
    if side > 0.75 * min(height, width) or side < 12:
        return None
    cover = np.zeros((height, width), np.float32)
    middle = r.uniform(0.45, 0.55, 2) * (width, height)
    for _ in range(6):
        at = middle + r.normal(0, 0.14 * side, 2)
        axes = r.uniform(0.3, 0.55, 2) * side
        cv2.ellipse(cover, (at.tolist(), axes.tolist(), float(r.uniform(0, 180))), 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), max(1.0, r.uniform(1.5, 5) / gsd_m))[..., None]
    grain = cv2.resize(r.normal(0, 1, (9, 9)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    light = r.uniform(225, 250) + 5 * grain[..., None] + r.normal(0, 1, (height, width, 1))
    drawn = np.clip(image * (1 - cover) + light * cover, 0, 255).astype(np.uint8)
    return drawn, cover[..., 0] > 0.4


def hall(image: np.ndarray, gsd_m: float, r: np.random.Generator, size_m: float) -> Made:
    """Draw one hall of some metres: white to grey, turned, with noise, a ridge and a shadow."""
    height, width = image.shape[:2]
    side = size_m / gsd_m
    if side > 0.75 * min(height, width) or side < 12:
        return None
    middle = r.uniform(0.45, 0.55, 2) * (width, height)
    turn, short = float(r.uniform(0, 180)), side * float(r.uniform(0.45, 0.9))

    def of(middle: np.ndarray) -> np.ndarray:
        mask = np.zeros((height, width), np.uint8)
        corners = cv2.boxPoints((middle.tolist(), (side, short), turn))
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return cv2.GaussianBlur(mask, (0, 0), 0.6).astype(np.float32)[..., None] / 255

    drawn = image * (1 - 0.55 * of(middle + (3 / gsd_m, 3 / gsd_m)))
    level = r.uniform(165, 252) + r.uniform(-5, 5, 3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (x - middle[0]) * -np.sin(np.radians(turn)) + (y - middle[1]) * np.cos(np.radians(turn))
    roof = level + (r.uniform(0, 8) * np.sign(across))[..., None] + r.normal(0, r.uniform(1, 4), (height, width, 3))
    cover = of(middle)
    return np.clip(np.rint(drawn * (1 - cover) + roof * cover), 0, 255).astype(np.uint8), cover[..., 0] > 0.5


def beside(image: np.ndarray, gsd_m: float, r: np.random.Generator, size_m: float) -> Made:
    """Draw a hall into the left half and a cloud of its size into the right one."""
    half = image.shape[1] // 2
    left, right = (np.ascontiguousarray(part) for part in (image[:, :half], image[:, half:]))
    one, two = hall(left, gsd_m, r, size_m), cloud(right, gsd_m, r, size_m)
    if one is None or two is None:
        return None
    return np.hstack([one[0], two[0]]), np.hstack([one[1], np.zeros_like(two[1])])


def text(
    colour: tuple[int, int, int], *, high_px: int = 20, turn: float = 0, panel: tuple[int, int, int] | None = None
) -> Callable:
    """Draw a date: letters so high, turned to the left by some degrees, alone or on a panel that is half opaque."""
    thick = max(1, round(high_px / 9))

    def draw(image: np.ndarray, _: float, r: np.random.Generator) -> Made:
        height, width = image.shape[:2]
        scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_DUPLEX, high_px, thick)
        (wide, high), _ = cv2.getTextSize(DATE, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
        at = r.uniform(0.1, 0.9, 2) * (max(1, width - wide), max(1, height - high)) + (0, high)
        ink, box = np.zeros((2, height, width), np.uint8)
        left, base = (round(float(each)) for each in at)
        cv2.putText(ink, DATE, (left, base), cv2.FONT_HERSHEY_DUPLEX, scale, 255, thick, cv2.LINE_AA)
        cv2.rectangle(box, (left - 6, base - high - 6), (left + wide + 6, base + 8), 255, -1)
        about = cv2.getRotationMatrix2D((left + wide / 2, base - high / 2), turn, 1)
        ink, box = (
            cv2.warpAffine(each, about, (width, height)).astype(np.float32)[..., None] / 255 for each in (ink, box)
        )
        drawn = image if panel is None else image * (1 - 0.5 * box) + 0.5 * box * np.array(panel)
        drawn = drawn * (1 - ink) + ink * np.array(colour)
        return np.clip(np.rint(drawn), 0, 255).astype(np.uint8), (ink if panel is None else box)[..., 0] > 0.3

    return draw


def sized(draw: Callable, size_m: float) -> Callable:
    """Return the drawing of one size."""
    return lambda image, gsd_m, r: draw(image, gsd_m, r, size_m)


KINDS = [
    *(Kind(f"{name} hole", hole(level)) for name, level in LEVELS.items()),
    *(Kind(f"{name} wedge", wedge(level)) for name, level in LEVELS.items()),
    *(
        Kind(f"{name} stripes {thick} px, {turn:g} deg", stripes(level, thick, turn, 8))
        for name, level in LEVELS.items()
        for thick, turn in ((1, 0), (2, 90), (3, 9), (5, 45), (8, 7), (8, 0))
    ),
    *(
        Kind(f"one {name} line {thick} px, {turn:g} deg", stripes(level, thick, turn, 1), ("png",))
        for name, level in LEVELS.items()
        for thick, turn in ((1, 0), (3, 90), (8, 7))
    ),
    *(
        Kind(f"{name} of {size} m", sized(draw, size), ("png", "jpeg 90"))
        for name, draw in (("cloud", cloud), ("hall", hall), ("hall beside cloud", beside))
        for size in (40, 60, 80, 120)
    ),
    *(
        Kind(f"{name} text {high} px", text(level, high_px=high))
        for name, level in INKS.items()
        for high in (10, 20, 32)
    ),
    *(Kind(f"white text 20 px, {turn} deg", text((255, 255, 255), turn=turn)) for turn in (10, 30, 45, 90)),
    Kind("white text on a dark panel", text((255, 255, 255), panel=(0, 0, 0))),
    Kind("black text on a light panel", text((0, 0, 0), panel=(255, 255, 255))),
    Kind("nothing", lambda image, _gsd_m, _r: filled(image, np.zeros(image.shape[:2], np.bool_), (0, 0, 0))),
]
