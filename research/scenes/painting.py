"""How a simulated place looks on a date: ground, shadows, trees, roofs; and where it differs between the two."""

from __future__ import annotations

import cv2
import numpy as np

from research.scenes.land import Scene
from research.scenes.materials import noise


def render(scene: Scene, date: int) -> np.ndarray:  # noqa: C901, PLR0912, PLR0915 (the order of painting)
    r, n = scene.r, scene.n
    fields = scene.base if date == 0 else scene.then
    colour = np.array([g["colour"] for g in fields], np.float32)[scene.labels]
    own = noise(r, n, scene.px(r.uniform(1.5, 6)), 4)
    lasts = np.array([g["lasts"] for g in fields], np.float32)
    amount = np.array([g["amount"] for g in fields], np.float32)
    broad = np.array([g["broad"] for g in fields], np.float32)
    share = lasts[scene.labels]
    grain = (np.sqrt(share) * scene.lasting + np.sqrt(1 - share) * own) * amount[scene.labels]
    crop = np.array([g["kind"] == "crop" for g in fields])[scene.labels]
    grain += np.where(crop & (date == 1), scene.broad2, scene.broad) * broad[scene.labels]
    y, x = np.mgrid[0:n, 0:n].astype(np.float32)
    for k, g in enumerate(fields):
        m = scene.labels == k
        if g["strips"] is not None:
            t = (x[m] * np.cos(g["turn"]) + y[m] * np.sin(g["turn"])) / max(g["strip"], 3)
            colour[m] += g["strips"][t.astype(int) % 64].astype(np.float32)
        if g["rows"]:
            t = (x[m] * np.cos(g["turn"]) + y[m] * np.sin(g["turn"])) / max(g["pitch"], 2.2)
            grain[m] += g["rows"] * np.sin(2 * np.pi * t)
    img = colour + grain[..., None]
    for m, at, g in getattr(scene, "works", []):
        if at[date]:
            soft = cv2.GaussianBlur(m.astype(np.float32), (0, 0), 0.8)[..., None]
            img = img * (1 - soft) + (g["colour"] + (own * g["amount"] + scene.broad2 * g["broad"])[..., None]) * soft
    sun_a, reach = r.uniform(0, 2 * np.pi), r.uniform(0.4, 1.8)
    if r.random() < 0.6:  # the same part of the world: the sun stands on one side
        sun_a = getattr(scene, "sun_a", sun_a) + r.normal(0, 0.3)
    scene.sun_a = sun_a
    sun = np.array([np.cos(sun_a), np.sin(sun_a)])
    lean = r.normal(0, 0.18, 2)
    shade = np.ones((n, n), np.float32)
    dark = r.uniform(0.4, 0.7)
    present = [t for t in scene.things if t.at[date]]
    for t in present:
        if t.kind == "road":
            cv2.polylines(
                img,
                [np.int32(t.polygon * 16)],
                False,
                [float(v) for v in t.colours[0] * (1 + 0.05 * (r.random() - 0.5))],
                t.width,
                cv2.LINE_AA,
                4,
            )
    for t in present:
        if t.kind == "road":
            continue
        off = -sun * scene.px(t.height_m) * reach
        if t.kind == "building":
            both = np.vstack([t.polygon, t.polygon + off])
            cv2.fillPoly(shade, [np.int32(cv2.convexHull(np.float32(both)).reshape(-1, 2) * 16)], dark, cv2.LINE_AA, 4)
        elif t.radius > 0.7:
            cv2.circle(
                shade,
                tuple(int(v * 16) for v in np.array(t.centre) + off * 0.6),
                int(t.radius * 16),
                dark,
                -1,
                cv2.LINE_AA,
                4,
            )
    img *= shade[..., None]
    tilt = np.exp((scene.season if date else 0) * np.float32([-0.03, -0.02, 0.15]))
    for t in sorted(present, key=lambda t: t.height_m):
        if t.kind == "tree":
            c, rad = np.array(t.centre), t.radius * (1 + 0.1 * date)
            col = t.colours[0] * tilt
            cv2.circle(
                img,
                tuple(int(v * 16) for v in c),
                int(rad * 16),
                [float(v) for v in col * 0.85],
                -1,
                cv2.LINE_AA,
                4,
            )
            cv2.circle(
                img,
                tuple(int(v * 16) for v in c + sun * rad * 0.35),
                int(rad * 9),
                [float(v) for v in col * 1.25],
                -1,
                cv2.LINE_AA,
                4,
            )
        elif t.kind == "building":
            top = t.polygon + lean * scene.px(t.height_m)
            side = float(t.axis @ sun)
            cols = [c * (1 + 0.12 * side * s) for c, s in zip(t.colours, (1, -1), strict=True)]
            cv2.fillPoly(img, [np.int32(top * 16)], [float(v) for v in cols[0]], cv2.LINE_AA, 4)
            if len(top) == 4:
                half = np.array([top[0], top[1], (top[1] + top[2]) / 2, (top[3] + top[0]) / 2])
                cv2.fillPoly(img, [np.int32(half * 16)], [float(v) for v in cols[1]], cv2.LINE_AA, 4)
    return np.clip(img, 0, 255).astype(np.float32)


def label(scene: Scene) -> None:
    """Draw the truth: 1 changed, 2 better left out."""
    for t in scene.things:
        if t.at[0] != t.at[1]:
            if t.kind == "building":
                cv2.fillPoly(scene.truth, [np.int32(t.polygon)], 1)
            elif t.kind == "road":
                cv2.polylines(scene.truth, [np.int32(t.polygon)], False, 1, t.width)
    ring = cv2.dilate(scene.truth, np.ones((3, 3), np.uint8)) - cv2.erode(scene.truth, np.ones((3, 3), np.uint8))
    near = cv2.dilate((scene.truth == 1).astype(np.uint8), np.ones((2 * int(scene.px(2.5)) + 1,) * 2, np.uint8))
    scene.truth[(ring > 0) & (scene.truth == 0)] = 2
    scene.truth[(near > 0) & (scene.truth == 0)] = 2  # shadow and yard: neither
