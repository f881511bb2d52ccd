"""Simulated land on which the kind of every change is known: what was painted, and what was there before.

People build, clear, dig and fill; woods are felled, bare ground grows over, ponds come and go, crops follow each other.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.domain.kinds import Kind
from research.scenes.land import Scene
from research.scenes.materials import Rng, ground, noise
from research.scenes.painting import label, render
from research.scenes.pairs import camera
from research.scenes.years import age, film

KINDS = tuple(Kind)
PLANTS = ("crop", "grass", "scrub", "forest")
NONE = 255  # of a map of kinds: the ground did not change, or nobody would say how


class KnownPair(NamedTuple):
    """Two dates of one place, and the kind of its changes: (n, n), the place of each in KINDS, or NONE."""

    before: np.ndarray
    after: np.ndarray
    kinds: np.ndarray
    metres_per_pixel: float


class KnownScene(Scene):
    """One place that remembers what was done where; ground that is opened at one date holds no tree then."""

    def change(self) -> None:
        """Do some of what people and plants do."""
        r = self.r
        self.works: list = []
        self.done: list[tuple[np.ndarray, Kind]] = []
        for _ in range(r.integers(4, 15)):
            getattr(
                self,
                r.choice(
                    ["settle", "open_up", "fill_water", "fell", "overgrow", "farm"],
                    p=[0.3, 0.2, 0.08, 0.12, 0.18, 0.12],
                ),
            )()

    def settle(self) -> None:
        """Build a house, a hall, a row of houses, an estate with its ground, or a road."""
        r, at = self.r, (False, True)
        what = r.choice(["houses", "hall", "row", "estate", "road"], p=[0.3, 0.2, 0.15, 0.2, 0.15])
        if what == "road":
            self.roads(at, 1)
            self.done.append((self.track(), Kind.ROAD))
            return
        mask, first = self.blob(r.uniform(40, 150)), len(self.things)
        if what == "estate":
            self.lay(mask, at, ground(r, r.choice(["works", "town", "bare"]), self.angle, self.mpp))
            self.done.append((mask, Kind.BUILT))
        if what in {"row", "estate"}:
            places = self.spots(mask, r.uniform(16, 50), 0.15)[:60]
        else:
            places = r.uniform(0.03, 0.97, (1 if what == "hall" else r.integers(1, 4), 2)) * self.n
        for place in places:
            self.building(place, at, big=what == "hall" or (what == "estate" and r.random() < 0.3))
        for thing in self.things[first:]:
            roof = np.zeros((self.n, self.n), np.uint8)
            cv2.fillPoly(roof, [np.int32(thing.polygon)], 1)
            yard = cv2.dilate(roof, np.ones((2 * int(self.px(3)) + 1,) * 2, np.uint8))
            self.done.append((yard, Kind.BUILT))

    def track(self) -> np.ndarray:
        """Return the mask of the road that was drawn last."""
        line = np.zeros((self.n, self.n), np.uint8)
        cv2.polylines(line, [np.int32(self.things[-1].polygon)], False, 1, self.things[-1].width)
        return line

    def open_up(self) -> None:
        """Clear, dig or heap up ground, with straight edges as often as not."""
        mask = self.blob(self.r.uniform(12, 120)) if self.r.random() < 0.7 else self.patch(self.r.uniform(12, 60))
        self.lay(mask, (False, True), ground(self.r, self.r.choice(["bare", "works"], p=[0.8, 0.2]), 0, self.mpp))
        self.done.append((mask, Kind.BARE_EARTH))

    def fill_water(self) -> None:
        """Let a pond come, or fill one."""
        mask = self.blob(self.r.uniform(20, 120)) if self.r.random() < 0.5 else self.patch(self.r.uniform(20, 100))
        mask[self.water() > 0] = 0
        comes = self.r.random() < 0.5
        self.lay(mask, (not comes, comes), ground(self.r, "water", self.angle, self.mpp))
        self.done.append((mask, Kind.WATER_GAINED if comes else Kind.WATER_LOST))

    def fell(self) -> None:
        """Fell or thin trees, and leave grass or scrub: a wood stood there, or does from now on in the tale's turn."""
        r = self.r
        mask = self.patch(r.uniform(15, 150)) if r.random() < 0.6 else self.blob(r.uniform(15, 120))
        wood, rest = (ground(r, kind, self.angle, self.mpp) for kind in ("forest", r.choice(["grass", "scrub"])))
        self.lay(mask, (True, False), wood)
        self.lay(mask, (False, True), rest)
        self.wood(mask, (True, False), r.uniform(0.0, 0.3))
        self.done.append((mask, Kind.VEGETATION_LOST))

    def overgrow(self) -> None:
        """Let plants close over bare ground, a track or open grass."""
        r = self.r
        then = r.choice(["bare", "grass", "track"], p=[0.6, 0.2, 0.2])
        if then == "track":
            self.roads((True, False), 1)
            mask = self.track()
        else:
            mask = self.patch(r.uniform(8, 80)) if r.random() < 0.7 else self.blob(r.uniform(10, 80))
            self.lay(mask, (True, False), ground(r, then, self.angle, self.mpp))
            self.lay(mask, (False, True), ground(r, r.choice(["grass", "scrub", "forest"]), self.angle, self.mpp))
            if then == "grass" or r.random() < 0.4:
                self.wood(mask, (False, True), 0.0)
        self.done.append((mask, Kind.VEGETATION_GROWN))

    def farm(self) -> None:
        """Sow, reap or plough a part of the land: another crop, with its rows."""
        r = self.r
        mask = self.blob(r.uniform(25, 200)) if r.random() < 0.6 else self.patch(r.uniform(20, 120))
        for at in ((True, False), (False, True)):
            field = ground(r, r.choice(["crop", "crop", "crop", "grass", "bare"]), self.angle, self.mpp)
            self.lay(mask, at, field)
        self.done.append((mask, Kind.CROP_OR_SEASON))

    def patch(self, size_m: float) -> np.ndarray:
        """Return a patch with the ragged edge that people do not make."""
        r, n = self.r, self.n
        y, x = np.mgrid[0:n, 0:n].astype(np.float32)
        centre = r.uniform(0.1, 0.9, 2) * n
        turn, stretch = r.uniform(0, np.pi), r.uniform(1, 3)
        along = (x - centre[0]) * np.cos(turn) + (y - centre[1]) * np.sin(turn)
        across = (y - centre[1]) * np.cos(turn) - (x - centre[0]) * np.sin(turn)
        distance = np.hypot(along / stretch, across) / self.px(size_m / 2)
        return (distance + 0.35 * noise(r, n, self.px(size_m / 3), 4) < 1).astype(np.uint8)

    def lay(self, mask: np.ndarray, at: tuple[bool, bool], look: dict) -> None:
        """Lay ground at one date, and take what grew there at that date away."""
        self.works.append((mask, at, look))
        for thing in self.things:
            if thing.kind == "tree" and self.inside(mask, thing.centre):
                thing.at = tuple(there and not laid for there, laid in zip(thing.at, at, strict=True))

    def wood(self, mask: np.ndarray, at: tuple[bool, bool], left: float) -> None:
        """Plant trees that stand at one date; a share of them stands at both."""
        for place in self.spots(mask, self.r.uniform(4, 9))[:800]:
            self.tree(place, (True, True) if self.r.random() < left else at, self.r.uniform(1.5, 4.5))


def kind_map(scene: KnownScene) -> np.ndarray:
    """Draw the kind of every change: seasons and crops of the parcels first, then trees, then what was done."""
    n = scene.n
    kinds = np.full((n, n), NONE, np.uint8)
    parcels = np.array([kind in PLANTS for kind in scene.kind])[scene.labels]
    kinds[parcels] = KINDS.index(Kind.CROP_OR_SEASON)
    kinds[~parcels] = KINDS.index(Kind.OTHER)
    for thing in scene.things:
        if thing.kind == "tree" and thing.at[0] != thing.at[1] and thing.radius * scene.mpp > 1:
            kind = Kind.VEGETATION_GROWN if thing.at[1] else Kind.VEGETATION_LOST
            cv2.circle(kinds, tuple(int(v) for v in thing.centre), int(thing.radius) + 1, KINDS.index(kind), -1)
    for mask, kind in scene.done:
        kinds[mask > 0] = KINDS.index(kind)
    return kinds


def known_pair(seed: int, n: int = 384) -> KnownPair:
    """Make the pair of one seed; years lie between the dates of every second."""
    r: Rng = np.random.default_rng([seed, 9_16])
    mpp = float(np.exp(r.uniform(np.log(0.35), np.log(2.2))))
    scene = KnownScene(r, n, mpp)
    if not scene.changing:
        scene.works, scene.done = [], []
    first = render(scene, 0)
    if seed % 2:
        age(scene, r)
    second = render(scene, 1)
    kinds = kind_map(scene)
    label(scene)
    if seed % 2:
        first, second = film(r, first), film(r, second)
    strength = r.choice([0.3, 0.7, 1.0], p=[0.25, 0.35, 0.4])
    return KnownPair(camera(r, first, strength), camera(r, second, strength), kinds, mpp)
