"""Simulated land for fitting the detector: two dates of one place, with exact truth.

No picture anybody took is in it: parcels, trees, roads and houses are drawn from random numbers, lit by a sun of each
date, and seen through that date's air and camera. What people build, clear or dig is truth; what crops, sun, season and
camera do is not. Another family of landscapes than the one the `sample` provider renders.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from research.scenes.land import Scene
from research.scenes.materials import Rng
from research.scenes.painting import label, render
from research.scenes.years import age, film


@dataclass
class Pair:
    """Two dates of one place and where it changed (1) or is better left out (2)."""

    before: np.ndarray
    after: np.ndarray
    truth: np.ndarray
    metres_per_pixel: float


def camera(r: Rng, img: np.ndarray, strength: float) -> np.ndarray:
    """See a rendered place through one date's air and camera."""
    n = img.shape[0]
    im = img
    if r.random() < 0.5 * strength:
        low = r.uniform(0.0, 0.45, (4, 4)).astype(np.float32)
        t = cv2.resize(low, (n, n), interpolation=cv2.INTER_CUBIC)[..., None]
        im = im * (1 - t) + np.float32([225, 215, 210]) * r.uniform(0.9, 1.05) * t
    if r.random() < 0.3 * strength:
        y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n - 0.5
        a = r.uniform(0, 2 * np.pi)
        im = im * (1 + r.uniform(0.1, 0.5) * (x * np.cos(a) + y * np.sin(a)))[..., None]
    mean = im.mean()
    im = (im - mean) * r.uniform(1 - 0.3 * strength, 1 + 0.35 * strength) + mean + r.normal(0, 14 * strength)
    im = im * (1 + strength * r.uniform(-0.15, 0.15, 3)).astype(np.float32)
    im = 255 * np.clip(im / 255, 0, 1) ** np.exp(r.uniform(-0.4, 0.4) * strength)
    grey = im.mean(-1, keepdims=True)
    im = grey + (im - grey) * r.uniform(1 - 0.5 * strength, 1 + 0.3 * strength)
    d = r.normal(0, 0.8, 2) if r.random() < 0.8 else r.uniform(-3, 3, 2)
    f = [
        cv2.resize(r.uniform(-1.3, 1.3, (4, 4)).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
        * r.uniform(0, 1)
        + float(d[i])
        for i in (0, 1)
    ]
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    im = cv2.remap(
        np.ascontiguousarray(im, np.float32), x + f[0], y + f[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    im = cv2.GaussianBlur(im, (0, 0), r.uniform(0.3, 1.3))
    im = im + r.normal(0, r.uniform(0, 5), im.shape)
    out = np.clip(np.rint(im), 0, 255).astype(np.uint8)
    if r.random() < 0.6:
        out = cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(r.integers(45, 92))])[1], 1)
    return out


def pair(seed: int, n: int = 384, *, years: bool = False) -> Pair:
    """Make the pair of one seed; with `years`, more time lies between its dates."""
    r = np.random.default_rng([seed, 20_26])
    mpp = float(np.exp(r.uniform(np.log(0.35), np.log(2.2))))
    scene = Scene(r, n, mpp)
    first = render(scene, 0)
    if years:
        age(scene, r)
    second = render(scene, 1)
    label(scene)
    if years:
        first, second = film(r, first), film(r, second)
    strength = r.choice([0.3, 0.7, 1.0], p=[0.25, 0.35, 0.4])
    return Pair(camera(r, first, strength), camera(r, second, strength), scene.truth, mpp)
