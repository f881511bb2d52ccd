"""Simulated land for fitting the detector: two dates of one place, with exact truth.

No picture anybody took is in it: parcels, trees, roads and houses are drawn from random numbers, lit by a sun of each
date, and seen through that date's air and camera. What people build, clear or dig is truth; what crops, sun, season and
camera do is not. Another family of landscapes than the one the `sample` provider renders.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

Rng = np.random.Generator


@dataclass
class Pair:
    """Two dates of one place and where it changed (1) or is better left out (2)."""

    before: np.ndarray
    after: np.ndarray
    truth: np.ndarray
    metres_per_pixel: float


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


class Scene:
    """One place; `render` gives it as a date shows it."""

    def __init__(self, r: Rng, n: int, mpp: float):
        self.r, self.n, self.mpp = r, n, mpp
        self.angle = r.uniform(0, np.pi)
        self.things: list[Thing] = []
        self.truth = np.zeros((n, n), np.uint8)
        self.changing = r.random() < 0.8
        self.turnover = r.choice([0.0, 0.02, 0.08])
        self.parcels()
        self.roads()
        self.fill()
        if self.changing:
            self.change()

    def px(self, metres):
        return metres / self.mpp

    # -- land
    def parcels(self):
        r, n = self.r, self.n
        cell = self.px(r.uniform(40, 220))
        count = int(np.clip((n / cell) ** 2, 2, 60))
        seeds = r.uniform(0, n, (count, 2)).astype(np.float32)
        stretch = np.array([1.0, r.uniform(1, 3.5)])
        rot = np.array([[np.cos(self.angle), -np.sin(self.angle)], [np.sin(self.angle), np.cos(self.angle)]])
        y, x = np.mgrid[0:n, 0:n].astype(np.float32)
        wobble = self.px(r.choice([0, 0, 6, 15]))
        pts = np.stack([x + wobble * noise(r, n, 60), y + wobble * noise(r, n, 60)], -1) @ rot * stretch
        seeds = seeds @ rot * stretch
        best = np.full((n, n), np.inf, np.float32)
        self.labels = np.zeros((n, n), np.int32)
        p = r.choice([1, 2])
        for k, s in enumerate(seeds):
            d = np.abs(pts - s)
            d = d.sum(-1) if p == 1 else np.square(d).sum(-1)
            near = d < best
            best[near], self.labels[near] = d[near], k
        mood = r.choice(["rural", "town", "wild", "works"], p=[0.35, 0.3, 0.2, 0.15])
        weights = {
            "rural": (6, 2, 1.2, 1, 1.5, 0.7, 0.2, 0.4),
            "town": (1, 2, 0.7, 1, 0.7, 6, 1.5, 0.3),
            "wild": (0.3, 2, 1, 4, 4, 0.3, 0.1, 0.6),
            "works": (1, 1, 2, 1, 0.3, 1, 5, 0.3),
        }[mood]
        kinds = list(GROUND)
        pr = np.array(weights) / sum(weights)
        self.kind = [kinds[r.choice(len(kinds), p=pr)] for _ in range(count)]
        self.base = [self.ground(k) for k in self.kind]
        # next date: crops and water as they like; everything else moves a little, plants together with the season
        season = r.normal(0, 1) * r.choice([0.2, 1.0, 1.6])
        self.then = []
        for g in self.base:
            h = dict(g)
            if g["kind"] == "crop" and r.random() < 0.75:
                h = self.ground("crop")
            elif g["kind"] == "water":
                h["colour"] = g["colour"] * r.uniform(0.6, 1.5, 1) * r.uniform(0.85, 1.18, 3)
            elif g["kind"] in ("bare", "works"):
                h["colour"] = g["colour"] * r.uniform(0.85, 1.15) * r.uniform(0.95, 1.05, 3)
            else:
                tilt = np.exp(season * np.float32([-0.03, -0.02, 0.18]) + r.normal(0, 0.05, 3))
                h["colour"] = g["colour"] * tilt * r.uniform(0.85, 1.15)
            h["amount"] = g["amount"] * r.uniform(0.6, 1.6)
            self.then.append(h)
        self.season = season
        self.lasting = noise(r, n, self.px(r.uniform(1.5, 6)), 4)
        self.broad = noise(r, n, self.px(r.uniform(15, 60)), 3)
        self.broad2 = noise(r, n, self.px(r.uniform(15, 60)), 3)

    def ground(self, kind):
        r = self.r
        h, s, v, amount, lasts = GROUND[kind]
        strips = r.normal(0, 1, (64, 3)) * r.uniform(4, 22) if kind == "crop" and r.random() < 0.4 else None
        return {
            "strips": strips,
            "strip": self.px(r.uniform(8, 45)),
            "kind": kind,
            "colour": hsv(r, h, s, v),
            "amount": r.uniform(*amount),
            "lasts": r.uniform(*lasts),
            "rows": (r.uniform(0, 8) if kind == "crop" and r.random() < 0.6 else 0.0),
            "pitch": self.px(r.uniform(1.5, 8)),
            "turn": self.angle + r.choice([0, np.pi / 2]) + r.normal(0, 0.05),
            "broad": r.uniform(1, 9) if r.random() < 0.8 else r.uniform(8, 20),
        }

    # -- what stands on it
    def roads(self, at=(True, True), count=None):
        r, n = self.r, self.n
        for _ in range(count if count is not None else r.integers(0, 5)):
            a = self.angle + r.choice([0, np.pi / 2]) + r.normal(0, 0.15)
            c = r.uniform(0, n, 2)
            u = np.array([np.cos(a), np.sin(a)])
            bend = r.normal(0, 0.12)
            length = 1.6 * n if at == (True, True) or r.random() < 0.4 else r.uniform(0.2, 0.7) * n
            t = np.linspace(-0.5, 0.5, 24)[:, None] * length
            v = np.array([-u[1], u[0]])
            line = c + u * t + v * (t / n) ** 2 * n * bend
            colour = hsv(
                r,
                *r.choice(
                    np.array([((0, 360), (0, 0.06), (0.35, 0.7)), ((25, 40), (0.1, 0.3), (0.5, 0.85))], dtype=object)
                ),
            )
            self.things.append(
                Thing("road", at, line, colours=[colour], width=max(1, round(self.px(r.uniform(3, 14)))))
            )

    def building(self, c, at, *, big=False):
        r = self.r
        w, h = (r.uniform(18, 70), r.uniform(12, 40)) if big else (r.uniform(7, 20), r.uniform(5.5, 13))
        a = self.angle + r.choice([0, np.pi / 2]) + r.normal(0, 0.08)
        roof = hsv(r, *ROOFS[r.choice(len(ROOFS), p=[0.26, 0.36, 0.18, 0.08, 0.12])])
        poly = rectangle(np.asarray(c), self.px(w), self.px(h), a)
        if r.random() < 0.3:  # an L
            u = (poly[0] + poly[1]) / 2
            poly = (
                poly
                if r.random() < 0.5
                else np.vstack(
                    [poly[0], (poly[0] + poly[1]) / 2, (poly.mean(0) + u) / 2, poly.mean(0), poly[2], poly[3]]
                )
            )
        self.things.append(
            Thing(
                "building",
                at,
                poly,
                height_m=r.uniform(2.5, 12 if big else 7),
                axis=np.array([np.cos(a), np.sin(a)]),
                colours=[roof, roof * r.uniform(0.65, 1.0)],
                centre=tuple(c),
            )
        )
        return poly

    def tree(self, c, at, radius):
        colour = hsv(self.r, (60, 130), (0.2, 0.55), (0.12, 0.38))
        self.things.append(
            Thing(
                "tree",
                at,
                np.zeros((0, 2)),
                height_m=radius * 1.6,
                colours=[colour],
                centre=tuple(c),
                radius=self.px(radius),
            )
        )

    def spots(self, mask, step_m, jitter=0.35):
        step = max(self.px(step_m), 2)
        g = np.arange(step / 2, self.n * 1.5, step) - self.n * 0.25
        xs, ys = np.meshgrid(g, g)
        c, s = np.cos(self.angle), np.sin(self.angle)
        m = self.n / 2
        p = np.stack(
            [c * (xs.ravel() - m) - s * (ys.ravel() - m) + m, s * (xs.ravel() - m) + c * (ys.ravel() - m) + m], 1
        )
        p += self.r.normal(0, jitter * step, p.shape)
        q = p.astype(int)
        ok = ((q >= 0) & (q < self.n)).all(1)
        p, q = p[ok], q[ok]
        return p[mask[q[:, 1], q[:, 0]] > 0]

    def fill(self):
        r = self.r
        for k, kind in enumerate(self.kind):
            mask = (self.labels == k).astype(np.uint8)
            if kind == "town":
                for p in self.spots(mask, r.uniform(16, 32), 0.12)[:250]:
                    if r.random() < 0.85:
                        self.building(p, (True, True))
            elif kind == "works":
                for p in self.spots(mask, r.uniform(45, 90), 0.1)[:40]:
                    if r.random() < 0.7:
                        self.building(p, (True, True), big=True)
            gap = {
                "forest": r.uniform(4, 8),
                "scrub": r.uniform(8, 25),
                "town": r.uniform(12, 30),
                "grass": r.uniform(30, 90),
            }.get(kind)
            if gap:
                for p in self.spots(mask, gap)[:1500]:
                    self.tree(p, (r.random() > self.turnover / 2, r.random() > self.turnover), r.uniform(1.5, 5))

    # -- what people do
    def blob(self, size_m):
        r, n = self.r, self.n
        c = r.uniform(0.1, 0.9, 2) * n
        k = r.integers(4, 9)
        a = np.sort(r.uniform(0, 2 * np.pi, k))
        rad = self.px(size_m / 2) * r.uniform(0.6, 1.25, k)
        pts = c + np.stack([np.cos(a), np.sin(a)], 1) * rad[:, None]
        if r.random() < 0.5:
            pts = rectangle(c, self.px(size_m * r.uniform(0.6, 1.5)), self.px(size_m * r.uniform(0.5, 1)), self.angle)
        m = np.zeros((n, n), np.uint8)
        cv2.fillPoly(m, [np.int32(pts)], 1)
        return m

    def change(self):  # noqa: C901, PLR0912 (a list of what people do)
        r, n = self.r, self.n
        self.works = []  # (mask, ground at the date it is changed)
        for _ in range(r.integers(1, 7) if r.random() < 0.7 else r.integers(6, 14)):
            at = (False, True) if r.random() < 0.75 else (True, False)
            what = r.choice(
                ["house", "hall", "estate", "road", "cleared", "dug", "pond", "houses"],
                p=[0.24, 0.12, 0.14, 0.1, 0.12, 0.14, 0.05, 0.09],
            )
            if what == "house":
                for _ in range(r.integers(1, 5)):
                    self.building(r.uniform(0.03, 0.97, 2) * n, at)
            elif what == "hall":
                self.building(r.uniform(0.05, 0.95, 2) * n, at, big=True)
            elif what == "road":
                self.roads(at, 1)
            elif what == "houses":
                m = self.blob(r.uniform(50, 150))
                for p in self.spots(m, r.uniform(16, 30), 0.12)[:60]:
                    if r.random() < 0.8:
                        self.building(p, at)
            else:
                m = self.blob(r.uniform(12, 120))
                kind = {
                    "estate": r.choice(["works", "town", "bare"]),
                    "cleared": r.choice(["bare", "grass"]),
                    "dug": "bare",
                    "pond": "water",
                }[what]
                m[self.water() > 0] = 0 if what == "pond" else m[self.water() > 0]
                self.works.append((m, at, self.ground(kind)))
                self.things = [
                    t for t in self.things if not (t.kind == "tree" and self.inside(m, t.centre)) or self.lose(t, at)
                ]
                if what == "estate":
                    for p in self.spots(m, r.uniform(20, 50), 0.15)[:40]:
                        if r.random() < 0.7:
                            self.building(p, at, big=r.random() < 0.3)
        for m, _, _ in self.works:
            self.truth[m > 0] = 1

    def water(self):
        return np.isin(self.labels, [k for k, s in enumerate(self.kind) if s == "water"]).astype(np.uint8)

    def inside(self, m, c):
        x, y = int(c[0]), int(c[1])
        return 0 <= x < self.n and 0 <= y < self.n and m[y, x] > 0

    @staticmethod
    def lose(tree, at):
        tree.at = (not at[0], not at[1])  # the ground was opened at one date: no tree stood there then
        return True

    # -- seen at a date
    def render(self, date: int) -> np.ndarray:  # noqa: C901, PLR0912, PLR0915 (the order of painting)
        r, n = self.r, self.n
        fields = self.base if date == 0 else self.then
        colour = np.array([g["colour"] for g in fields], np.float32)[self.labels]
        own = noise(r, n, self.px(r.uniform(1.5, 6)), 4)
        lasts = np.array([g["lasts"] for g in fields], np.float32)
        amount = np.array([g["amount"] for g in fields], np.float32)
        broad = np.array([g["broad"] for g in fields], np.float32)
        share = lasts[self.labels]
        grain = (np.sqrt(share) * self.lasting + np.sqrt(1 - share) * own) * amount[self.labels]
        crop = np.array([g["kind"] == "crop" for g in fields])[self.labels]
        grain += np.where(crop & (date == 1), self.broad2, self.broad) * broad[self.labels]
        y, x = np.mgrid[0:n, 0:n].astype(np.float32)
        for k, g in enumerate(fields):
            m = self.labels == k
            if g["strips"] is not None:
                t = (x[m] * np.cos(g["turn"]) + y[m] * np.sin(g["turn"])) / max(g["strip"], 3)
                colour[m] += g["strips"][t.astype(int) % 64].astype(np.float32)
            if g["rows"]:
                t = (x[m] * np.cos(g["turn"]) + y[m] * np.sin(g["turn"])) / max(g["pitch"], 2.2)
                grain[m] += g["rows"] * np.sin(2 * np.pi * t)
        img = colour + grain[..., None]
        for m, at, g in getattr(self, "works", []):
            if at[date]:
                soft = cv2.GaussianBlur(m.astype(np.float32), (0, 0), 0.8)[..., None]
                img = (
                    img * (1 - soft) + (g["colour"] + (own * g["amount"] + self.broad2 * g["broad"])[..., None]) * soft
                )
        sun_a, reach = r.uniform(0, 2 * np.pi), r.uniform(0.4, 1.8)
        if r.random() < 0.6:  # the same part of the world: the sun stands on one side
            sun_a = getattr(self, "sun_a", sun_a) + r.normal(0, 0.3)
        self.sun_a = sun_a
        sun = np.array([np.cos(sun_a), np.sin(sun_a)])
        lean = r.normal(0, 0.18, 2)
        shade = np.ones((n, n), np.float32)
        dark = r.uniform(0.4, 0.7)
        present = [t for t in self.things if t.at[date]]
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
            off = -sun * self.px(t.height_m) * reach
            if t.kind == "building":
                both = np.vstack([t.polygon, t.polygon + off])
                cv2.fillPoly(
                    shade, [np.int32(cv2.convexHull(np.float32(both)).reshape(-1, 2) * 16)], dark, cv2.LINE_AA, 4
                )
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
        tilt = np.exp((self.season if date else 0) * np.float32([-0.03, -0.02, 0.15]))
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
                top = t.polygon + lean * self.px(t.height_m)
                side = float(t.axis @ sun)
                cols = [c * (1 + 0.12 * side * s) for c, s in zip(t.colours, (1, -1), strict=True)]
                cv2.fillPoly(img, [np.int32(top * 16)], [float(v) for v in cols[0]], cv2.LINE_AA, 4)
                if len(top) == 4:
                    half = np.array([top[0], top[1], (top[1] + top[2]) / 2, (top[3] + top[0]) / 2])
                    cv2.fillPoly(img, [np.int32(half * 16)], [float(v) for v in cols[1]], cv2.LINE_AA, 4)
        return np.clip(img, 0, 255).astype(np.float32)

    def label(self):
        for t in self.things:
            if t.at[0] != t.at[1]:
                if t.kind == "building":
                    cv2.fillPoly(self.truth, [np.int32(t.polygon)], 1)
                elif t.kind == "road":
                    cv2.polylines(self.truth, [np.int32(t.polygon)], False, 1, t.width)
        ring = cv2.dilate(self.truth, np.ones((3, 3), np.uint8)) - cv2.erode(self.truth, np.ones((3, 3), np.uint8))
        near = cv2.dilate((self.truth == 1).astype(np.uint8), np.ones((2 * int(self.px(2.5)) + 1,) * 2, np.uint8))
        self.truth[(ring > 0) & (self.truth == 0)] = 2
        self.truth[(near > 0) & (self.truth == 0)] = 2  # shadow and yard: neither


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


def pair(seed: int, n: int = 384) -> Pair:
    """Make the pair of one seed."""
    r = np.random.default_rng([seed, 20_26])
    mpp = float(np.exp(r.uniform(np.log(0.35), np.log(2.2))))
    scene = Scene(r, n, mpp)
    first, second = scene.render(0), scene.render(1)
    scene.label()
    strength = r.choice([0.3, 0.7, 1.0], p=[0.25, 0.35, 0.4])
    return Pair(camera(r, first, strength), camera(r, second, strength), scene.truth, mpp)
