"""What years do to a simulated place where nobody builds: fields, trees and grass that are no news."""

from __future__ import annotations

import cv2
import numpy as np

from research.scenes.land import Scene
from research.scenes.materials import Rng, Thing, ground, hsv, noise


def age(scene: Scene, r: Rng) -> None:
    """Let years pass between the two dates of a scene: everything here is no change in its truth."""
    wild = r.uniform(0.3, 1.0)
    for k, land in enumerate(scene.then):
        kind = scene.kind[k]
        if kind == "crop" and r.random() < 0.9 * wild:
            scene.then[k] = ground(r, r.choice(["crop", "crop", "grass", "bare"]), scene.angle, scene.mpp) | {
                "kind": "crop"
            }
        elif kind in ("grass", "scrub", "forest"):
            land["colour"] = land["colour"] * np.exp(r.normal(0, 0.12 * wild, 3)) * np.exp(r.normal(0, 0.2 * wild))
            land["lasts"] = land["lasts"] * r.uniform(0.3, 1)
            land["broad"] = land["broad"] * r.uniform(0.5, 2.5)
    growth = r.uniform(0, 0.5) * wild
    for thing in scene.things:
        if thing.kind == "tree" and thing.at == (True, True):
            thing.radius *= 1 + r.uniform(0, growth)
            thing.centre = tuple(np.asarray(thing.centre) + r.normal(0, scene.px(0.6 * wild), 2))
    _thin(scene, r, wild)
    _clutter(scene, r, wild)


def _thin(scene: Scene, r: Rng, wild: float) -> None:
    """Let single trees come and go where trees stand apart; a felled wood is drawn as change elsewhere."""
    share = r.uniform(0, 0.12) * wild
    for thing in scene.things:
        if thing.kind == "tree" and thing.at == (True, True) and r.random() < share:
            thing.at = (False, True) if r.random() < 0.7 else (True, False)


def _clutter(scene: Scene, r: Rng, wild: float) -> None:
    """Put cars, bales and stacks of one to three metres about, on one date only."""
    for _ in range(r.integers(0, round(40 * wild) + 1)):
        at = (False, True) if r.random() < 0.5 else (True, False)
        scene.things.append(
            Thing(
                "tree",
                at,
                np.zeros((0, 2)),
                height_m=1.5,
                colours=[hsv(r, (0, 360), (0, 0.4), (0.2, 0.95))],
                centre=tuple(r.uniform(0, scene.n, 2)),
                radius=scene.px(r.uniform(0.5, 1.6)),
            )
        )


def film(r: Rng, picture: np.ndarray) -> np.ndarray:
    """See a rendered place (float32, 0 to 255) on another film: a curve for each colour, and blotches of moisture."""
    n = picture.shape[0]
    curves = np.exp(r.normal(0, 0.18, 3)).astype(np.float32)
    seen = 255 * (np.clip(picture, 0, 255) / 255) ** curves
    if r.random() < 0.6:
        seen = seen * (1 + r.uniform(0.02, 0.1) * noise(r, n, n * r.uniform(0.05, 0.3), 2))[..., None]
    if r.random() < 0.25:  # the shadow of a cloud
        shade = cv2.GaussianBlur((noise(r, n, n * 0.6, 1) > 0.8).astype(np.float32), (0, 0), n / 30)
        seen = seen * (1 - r.uniform(0.2, 0.5) * shade)[..., None]
    return np.asarray(seen, np.float32)
