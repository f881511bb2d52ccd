"""What is never a change, done to a picture: light, air, lens, film, a shift, a bend, another season's green."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tests.bench.scene_stuff import Rng

AIR = np.float32([225, 215, 210])


def weather(picture: np.ndarray, r: Rng) -> np.ndarray:
    """See a picture (uint8, BGR) through one to four of them at once, and through some noise."""
    seen = picture.astype(np.float32)
    for index in r.choice(len(WEATHERS), r.integers(1, 5), replace=False):
        seen = np.clip(WEATHERS[index](np.ascontiguousarray(seen, np.float32), r), 0, 255)
    return _rounded(seen + r.normal(0, r.uniform(0, 6), seen.shape))


def _rounded(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _gamma(f: np.ndarray, r: Rng) -> np.ndarray:
    return 255 * (f / 255) ** np.exp(r.uniform(-0.6, 0.6))


def _contrast(f: np.ndarray, r: Rng) -> np.ndarray:
    return (f - f.mean()) * r.uniform(0.6, 1.5) + f.mean()


def _haze(f: np.ndarray, r: Rng) -> np.ndarray:
    size = (f.shape[1], f.shape[0])
    veil = cv2.resize(r.uniform(0, 0.5, (4, 4)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)[..., None]
    return f * (1 - veil) + AIR * r.uniform(0.9, 1.1) * veil


def _gradient(f: np.ndarray, r: Rng) -> np.ndarray:
    y, x = np.mgrid[0 : f.shape[0], 0 : f.shape[1]].astype(np.float32)
    turn = r.uniform(0, 2 * np.pi)
    slope = (x / f.shape[1] - 0.5) * np.cos(turn) + (y / f.shape[0] - 0.5) * np.sin(turn)
    return f * (1 + r.uniform(0.2, 0.6) * slope)[..., None]


def _long_shadows(f: np.ndarray, r: Rng) -> np.ndarray:
    grey = cv2.GaussianBlur(f.mean(2), (0, 0), 1.5)
    raised = np.clip((grey - cv2.GaussianBlur(grey, (0, 0), 8)) / 40, 0, 1)
    shade = _moved(raised, r.uniform(2, 6), r)
    return f * (1 - 0.45 * np.clip(shade - raised, 0, 1))[..., None]


def _moved(f: np.ndarray, by: float, r: Rng) -> np.ndarray:
    turn = r.uniform(0, 2 * np.pi)
    matrix = np.float32([[1, 0, by * np.cos(turn)], [0, 1, by * np.sin(turn)]])
    return cv2.warpAffine(f, matrix, (f.shape[1], f.shape[0]), borderMode=cv2.BORDER_REFLECT)


def _bent(f: np.ndarray, r: Rng) -> np.ndarray:
    size = (f.shape[1], f.shape[0])
    off = [
        cv2.resize(r.uniform(-1.7, 1.7, (4, 4)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC) for _ in "xy"
    ]
    y, x = np.mgrid[0 : f.shape[0], 0 : f.shape[1]].astype(np.float32)
    return cv2.remap(f, x + off[0], y + off[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _jpeg(f: np.ndarray, r: Rng) -> np.ndarray:
    packed = cv2.imencode(".jpg", _rounded(f), [cv2.IMWRITE_JPEG_QUALITY, int(r.integers(30, 70))])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.float32)


def _season(f: np.ndarray, r: Rng) -> np.ndarray:
    blue, green, red = cv2.split(f)
    plants = 1 / (1 + np.exp(-((2 * green - blue - red) / (blue + green + red + 1) - 0.03) / 0.02))
    towards = np.float32([0.75, 0.85, 1.25]) if r.random() < 0.5 else np.float32([0.8, 1.1, 0.7])
    return f * (1 + r.uniform(0.5, 1) * plants[..., None] * (towards - 1))


WEATHERS: tuple[Callable[[np.ndarray, Rng], np.ndarray], ...] = (
    lambda f, r: f + r.uniform(-40, 40),
    _gamma,
    _contrast,
    lambda f, r: f * r.uniform(0.8, 1.2, 3).astype(np.float32),
    _haze,
    _gradient,
    _long_shadows,
    lambda f, r: _moved(f, r.uniform(0.5, 4), r),
    lambda f, r: _moved(f, r.uniform(0.5, 4), r),  # twice: shifts and bends are what its edges suffer from
    _bent,
    _bent,
    _jpeg,
    lambda f, r: cv2.GaussianBlur(f, (0, 0), r.uniform(0.6, 1.7)),
    _season,
)
