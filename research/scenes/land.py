"""One simulated place: its parcels, what stands on them, and what people do there between two dates."""

from __future__ import annotations

import cv2
import numpy as np

from research.scenes.materials import GROUND, ROOFS, Rng, Thing, ground, hsv, noise, rectangle


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
        self.base = [ground(self.r, k, self.angle, self.mpp) for k in self.kind]
        # next date: crops and water as they like; everything else moves a little, plants together with the season
        season = r.normal(0, 1) * r.choice([0.2, 1.0, 1.6])
        self.then = []
        for g in self.base:
            h = dict(g)
            if g["kind"] == "crop" and r.random() < 0.75:
                h = ground(self.r, "crop", self.angle, self.mpp)
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
                self.works.append((m, at, ground(self.r, kind, self.angle, self.mpp)))
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
