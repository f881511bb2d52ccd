"""The script: what is built, cleared, dug and filled in the demo area, when and where. Nothing changes elsewhere.

Places are pixels from the north-west corner of the demo area's nine tiles; sizes are metres on the ground there.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.adapters.imagery.landscape import buildings
from chalicelib.adapters.imagery.landscape.blocks import DETAIL, PX_PER_M, Shape
from chalicelib.adapters.imagery.landscape.noise import Positions
from chalicelib.adapters.imagery.landscape.surfaces import Surface, surface
from chalicelib.domain.tiles import View, gsd_m, position

ZOOM, TILE_PX = 17, 1024
_WEST, _NORTH = 96_742, 57_985  # the first of the 3 x 3 tiles
DEMO_CENTER_LON, DEMO_CENTER_LAT = position(_WEST + 1.5, _NORTH + 1.5, ZOOM)
_M_PER_PX = gsd_m(DEMO_CENTER_LAT, ZOOM, TILE_PX)
DEMO_REACH_KM = 0.42  # each way: 20 m or so within the edge of the nine tiles
DEMO_DATES = (date(2025, 3, 10), date(2025, 6, 2), date(2025, 9, 15), date(2025, 12, 5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """One scripted change: where the ground differs from `since` on, and how."""

    name: str
    since: date
    outline: Positions  # world pixels
    before: tuple[Shape, ...] = ()  # what stands there until then, if it is not simply the land
    after: tuple[Shape, ...]

    @property
    def lonlat(self) -> list[tuple[float, float]]:
        """The outline's corners, (lon, lat)."""
        return [position(x / TILE_PX, y / TILE_PX, ZOOM) for x, y in self.outline]

    @property
    def area_m2(self) -> float:
        """How much ground changes."""
        x, y = (self.outline - self.outline.mean(0)).T * _M_PER_PX
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)

    def works(self, day: date) -> tuple[Shape, ...]:
        """Give what is drawn over the land within the outline on a day: nothing if the land is as it was."""
        return self.after if day >= self.since else self.before


def _on_ground(points: Positions, look: Surface) -> Shape:
    return Shape(points, look, DETAIL, 0, 0.0)


def _site(x: float, y: float, turn: float) -> buildings.Site:
    return (_WEST * TILE_PX + x, _NORTH * TILE_PX + y, math.radians(turn))


def _metres(length_m: float) -> float:
    return length_m / _M_PER_PX / PX_PER_M  # the drawing's metre is that of 20 N, the claim's is the ground's


def _flat(site: buildings.Site, long_m: float, wide_m: float, seed: int, storeys: int = 1) -> list[Shape]:
    return buildings.flat_roof(site, _metres(long_m), _metres(wide_m), random.Random(seed), storeys=storeys)


def _gable(site: buildings.Site, long_m: float, wide_m: float, cover: str, height_m: float = 3.4) -> list[Shape]:
    chance = random.Random(round(site[0]))
    return buildings.pitched_roof(site, _metres(long_m), _metres(wide_m), chance, cover=cover, height_m=height_m)


def _plan(site: buildings.Site, long_m: float, wide_m: float) -> Positions:
    return buildings.rectangle(site, _metres(long_m), _metres(wide_m))


def _ring(site: buildings.Site, radius_m: float, squeeze: float, *, inset_m: float = 0.0) -> Positions:
    """Give a roundish outline; the same site gets the same form at every inset."""
    chance = random.Random(round(site[0] * 31 + site[1]))
    turns = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    reach = np.full(40, 1.0)
    for wave in range(2, 9):
        reach += chance.uniform(0.02, 0.2) / wave * np.cos(wave * turns + chance.uniform(0, 6.28))
    reach = (reach * radius_m - inset_m) / _M_PER_PX
    x, y = reach * np.cos(turns), reach * squeeze * np.sin(turns)
    cos, sin = math.cos(site[2]), math.sin(site[2])
    return np.stack([site[0] + x * cos - y * sin, site[1] + x * sin + y * cos], -1)


def _strip(ends: list[tuple[float, float]], width_m: float) -> Positions:
    """Give the outline of a road along a line of places."""
    line = np.array(ends, float) + np.array([_WEST, _NORTH]) * TILE_PX
    steps = np.concatenate(
        [line[n] + (line[n + 1] - line[n]) * np.linspace(0, 1, 9)[:-1, None] for n in range(len(line) - 1)]
    )
    steps = np.concatenate([steps, line[-1:]])
    steps[1:-1] = (steps[:-2] + steps[1:-1] * 2 + steps[2:]) / 4
    ahead = np.gradient(steps, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], -1) / np.hypot(*ahead.T)[:, None] * width_m / 2 / _M_PER_PX
    return np.concatenate([steps + across, (steps - across)[::-1]])


def _house(name: str, since: date, site: buildings.Site, size: tuple[float, float], shapes: list[Shape]) -> Change:
    return Change(name=name, since=since, outline=_plan(site, *size), after=tuple(shapes))


def _bare(name: str, since: date, outline: Positions, look: Surface) -> Change:
    return Change(name=name, since=since, outline=outline, after=(_on_ground(outline, look),))


def _water(site: buildings.Site, radius_m: float, squeeze: float) -> tuple[Shape, ...]:
    return (
        _on_ground(_ring(site, radius_m, squeeze), surface("bank")),
        _on_ground(_ring(site, radius_m, squeeze, inset_m=1.4), surface("pond", tone=0.95)),
    )


def _pit(site: buildings.Site, radius_m: float, squeeze: float) -> tuple[Shape, ...]:
    looks = [("rock", 0.98, 0.0), ("pit", 0.9, 5.0), ("rock", 1.04, 7.0), ("pit", 0.84, 15.0), ("rock", 0.92, 18.0)]
    return tuple(
        _on_ground(_ring(site, radius_m, squeeze, inset_m=inset), surface(look, tone=tone))
        for look, tone, inset in looks
    )


def _homestead(site: buildings.Site) -> tuple[Shape, ...]:
    yard = _on_ground(_plan(site, 22, 17), surface("dirt", tone=0.97))
    x, y, turn = site
    shed = (x + math.cos(turn) * 28, y + math.sin(turn) * 28, turn + math.pi / 2)
    return (
        yard,
        *_flat((x - math.cos(turn) * 12, y - math.sin(turn) * 12, turn), 12, 9, 5, 2),
        *_gable(shed, 5, 3, "tin"),
    )


def _write() -> tuple[Change, ...]:
    fill = _site(425, 1885, 10)
    dug = _site(1655, 2745, 25)
    pit = _site(1955, 655, 30)
    home = _site(905, 1905, 8)
    gone = _site(345, 640, 4)
    return (
        Change(name="quarry", since=date(2025, 3, 28), outline=_ring(pit, 37, 0.85), after=_pit(pit, 37, 0.85)),
        _house("house on a seam", date(2025, 4, 2), (a := _site(1022, 885, 6)), (13, 9), _flat(a, 13, 9, 3)),
        _bare(
            "earth road", date(2025, 4, 15), _strip([(1245, 1365), (1420, 1390), (1660, 1500)], 5.0), surface("track")
        ),
        _house("shed", date(2025, 4, 20), (b := _site(1690, 500, 12)), (30, 16), _gable(b, 30, 16, "tin", 6.0)),
        _house("tiled house", date(2025, 4, 25), (c := _site(2745, 2470, -8)), (12, 9), _gable(c, 12, 9, "tile")),
        _bare("concrete yard", date(2025, 4, 30), _plan(_site(640, 600, -7), 26, 19), surface("paving", tone=1.05)),
        _bare(
            "cleared orchard", date(2025, 5, 4), _ring(_site(1830, 1790, 0), 28, 0.95), surface("redsoil", tone=0.95)
        ),
        Change(name="pond dug", since=date(2025, 5, 8), outline=_ring(dug, 23, 0.8), after=_water(dug, 23, 0.8)),
        Change(
            name="pond filled",
            since=date(2025, 5, 11),
            outline=_ring(fill, 18, 0.8),
            before=_water(fill, 18, 0.8),
            after=(_on_ground(_ring(fill, 18, 0.8), surface("dirt", tone=0.98)),),
        ),
        _house("extension", date(2025, 5, 15), (d := _site(2398, 676, -14)), (8, 6), _flat(d, 8, 6, 8)),
        _house("store", date(2025, 5, 17), (e := _site(1345, 2545, 3)), (14, 8), _gable(e, 14, 8, "blue", 4.0)),
        _house("hut", date(2025, 5, 20), (f := _site(160, 2660, 9)), (6.5, 5), _gable(f, 6.5, 5, "thatch", 2.4)),
        Change(name="homestead", since=date(2025, 5, 25), outline=_plan(home, 22, 17), after=_homestead(home)),
        Change(
            name="house pulled down",
            since=date(2025, 7, 5),
            outline=_plan(gone, 12, 9),
            before=tuple(_flat(gone, 12, 9, 11)),
            after=(_on_ground(_plan(gone, 12, 9), surface("redsoil", tone=1.04)),),
        ),
        _bare(
            "concrete road",
            date(2025, 7, 20),
            _strip([(2476, 2330), (2640, 2345), (2800, 2365), (3040, 2330)], 4.5),
            surface("paving", tone=1.04),
        ),
        _bare("felled wood", date(2025, 8, 10), _ring(_site(850, 235, 20), 34, 0.85), surface("soil", tone=1.1)),
        _house("hall", date(2025, 8, 28), (g := _site(165, 2455, -9)), (40, 18), _gable(g, 40, 18, "green", 6.0)),
        _house("poultry shed", date(2025, 10, 20), (h := _site(1985, 2640, 2)), (60, 12), _gable(h, 60, 12, "rust")),
        _house(
            "small hut", date(2025, 11, 2), (i := _site(310, 1385, 15)), (5.2, 4.2), _gable(i, 5.2, 4.2, "tin", 2.3)
        ),
    )


SCRIPT = _write()


def changes_between(before: date, after: date) -> list[Change]:
    """Give what changed after one day and up to another."""
    return [change for change in SCRIPT if before < change.since <= after]


def works_on(day: date) -> list[tuple[Positions, tuple[Shape, ...]]]:
    """Give what is drawn over the land on a day: outlines, and the shapes within."""
    return [(change.outline, shapes) for change in SCRIPT if (shapes := change.works(day))]


def truth(view: View, before: date, after: date) -> NDArray[np.uint8]:
    """Draw the mask of what changed in a view between two days: 255 inside the outlines, else 0."""
    mask = np.zeros((view.size_px, view.size_px), np.uint8)
    for change in changes_between(before, after):
        corners = np.array([view.pixel(*corner) for corner in change.lonlat]) - 0.5
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    return mask
