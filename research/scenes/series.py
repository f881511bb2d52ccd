"""Places that are seen on several dates: simulated land on which works are done, and the `sample` provider's."""

from __future__ import annotations

import datetime as dt
import math

import cv2
import numpy as np

import landscape
from chalicelib.domain.tiles import Tile, View
from research.scenes.land import Scene
from research.scenes.materials import ground, noise
from research.scenes.painting import render
from research.scenes.pairs import camera

DATES, FIRST_WORK, LAST_WORK = 8, 3, 6  # works begin when there is history, and leave one date for a late alert
VIEW = View(tile=Tile(17, 96_780, 57_975), tile_px=574, margin_px=72)  # 0.50 m a pixel
SEED = 77_000


class Place(Scene):
    """One place over eight dates: `picture(date)`; `works[date]` are masks of what was done before that date."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        super().__init__(np.random.default_rng([seed, SEED]), VIEW.size_px, VIEW.gsd_m)
        r = self.r
        swing = r.normal(0, 1.0)
        self.seasons = [swing * math.sin(2 * math.pi * (date / 4 + 0.1)) + r.normal(0, 0.15) for date in range(DATES)]
        self.kept = list(self.things)
        rotation = [self.crops(k) for k in range(len(self.base))]
        self.fields = [[self.field(k, date, rotation[k]) for k in range(len(self.base))] for date in range(DATES)]
        self.crop_texture = [noise(r, self.n, self.px(r.uniform(15, 60)), 3) for _ in range(DATES)]
        self.done: dict[int, list] = {date: [] for date in range(DATES)}
        for date in range(FIRST_WORK, LAST_WORK + 1):
            if r.random() < 0.6:
                self.work(date)

    def change(self) -> None:
        """Do nothing between two dates only: here things are done once, for good."""
        self.works = []

    def crops(self, k):
        """Two or three crops that follow each other on a parcel, or None."""
        if self.kind[k] != "crop" or self.r.random() < 0.25:
            return None
        return [ground(self.r, "crop", self.angle, self.mpp) for _ in range(self.r.integers(2, 5))]

    def field(self, k, date, rotation):
        """A parcel's ground on a date."""
        r, season = self.r, self.seasons[date]
        g = dict(rotation[date % len(rotation)] if rotation else self.base[k])
        if g["kind"] == "water":
            g["colour"] = g["colour"] * r.uniform(0.75, 1.3) * r.uniform(0.92, 1.08, 3)
        elif g["kind"] in ("bare", "works"):
            g["colour"] = g["colour"] * r.uniform(0.9, 1.1) * r.uniform(0.97, 1.03, 3)
        else:
            g["colour"] = g["colour"] * np.exp(season * np.float32([-0.03, -0.02, 0.18]) + r.normal(0, 0.03, 3))
        g["amount"] = g["amount"] * r.uniform(0.75, 1.35)
        return g

    def work(self, date) -> None:
        """Build, dig or clear something that stays, where nobody did or built anything yet."""
        r, n = self.r, self.n
        what = r.choice(["house", "house", "hall", "cleared", "pond"])
        mask = np.zeros((n, n), np.uint8)
        if what in {"house", "hall"}:
            outline = self.building(r.uniform(0.25, 0.75, 2) * n, (True, True), big=what == "hall")
            cv2.fillPoly(mask, [np.int32(outline)], 1)
            done = ("thing", self.things.pop(), mask)
        else:
            mask = self.blob(r.uniform(14, 60))
            done = ("ground", ground(r, "water" if what == "pond" else "bare", self.angle, self.mpp), mask)
        if not self.is_taken(mask):
            self.done[date].append(done)

    def is_taken(self, mask) -> bool:
        """Does something stand, or was something done there; is it water, or outside of the tile?"""
        inner = slice(VIEW.margin_px, VIEW.margin_px + VIEW.tile_px)
        roofs = np.zeros_like(mask)
        for thing in self.kept:
            if thing.kind == "building":
                cv2.fillPoly(roofs, [np.int32(thing.polygon)], 1)
        size = mask.sum()
        return (
            mask[inner, inner].sum() < 0.9 * size
            or (mask & roofs).sum() > 0.3 * size
            or (mask & self.water()).sum() > 0.2 * size
            or any((mask & truth).any() for _, _, truth in self.all_works(DATES))
        )

    def all_works(self, until):
        """What was done up to a date."""
        return [work for date in range(min(until, DATES - 1) + 1) for work in self.done[date]]

    def picture(self, date):
        """The place as that date's camera sees it."""
        works = self.all_works(date)
        covered = np.zeros((self.n, self.n), np.uint8)
        for _, _, mask in works:
            covered |= mask
        self.things = [t for t in self.kept if t.kind != "tree" or not self.inside(covered, t.centre)]
        self.things += [thing for kind, thing, _ in works if kind == "thing"]
        self.works = [(mask, (True, True), look) for kind, look, mask in works if kind == "ground"]
        self.then, self.season, self.broad2 = self.fields[date], self.seasons[date], self.crop_texture[date]
        self.r = np.random.default_rng([self.seed, SEED, date])
        strength = self.r.choice([0.2, 0.5, 0.9], p=[0.4, 0.4, 0.2])
        return camera(self.r, render(self, 1), strength)


class SampleLand:
    """Unchanged land of the `sample` provider over the same eight dates, far from the demo's and the tests' tiles."""

    def __init__(self, seed: int) -> None:
        self.tile = Tile(VIEW.tile.z, VIEW.tile.x + 900 + 13 * seed, VIEW.tile.y + 700 + 7 * seed)
        self.done: dict[int, list] = {}

    def all_works(self, _until) -> list:
        return []

    def picture(self, date):
        drawn_as = View(tile=self.tile, tile_px=1024, margin_px=128)
        fine = landscape.render(drawn_as, dt.date(2024, 1, 20) + dt.timedelta(days=91 * date))
        return cv2.resize(fine, (VIEW.size_px,) * 2, interpolation=cv2.INTER_AREA)
