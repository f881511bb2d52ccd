"""The script: what is built, cleared, dug and filled in the demo area, when and where. Nothing changes elsewhere.

Places are pixels from the north-west corner of the demo area's nine tiles; sizes are metres on the ground there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.tiles import View, position
from landscape.blocks import Shape
from landscape.buildings import Site
from landscape.noise import Positions
from landscape.surfaces import Surface, surface
from landscape.works import (
    CENTER,
    M_PER_PX,
    TILE_PX,
    ZOOM,
    felled,
    flat,
    gable,
    homestead,
    on_ground,
    pit,
    plan,
    ring,
    site,
    strip,
    water,
)

DEMO_CENTER_LON, DEMO_CENTER_LAT = CENTER
DEMO_REACH_KM = 0.42  # each way: 10 m within the edge of the nine tiles
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
        x, y = (self.outline - self.outline.mean(0)).T * M_PER_PX
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)

    def drawn(self, day: date) -> tuple[Shape, ...]:
        """Return what is drawn over the land within the outline on a day: nothing if the land is as it was."""
        return self.after if day >= self.since else self.before


def _house(name: str, since: date, spot: Site, size: tuple[float, float], shapes: list[Shape]) -> Change:
    return Change(name=name, since=since, outline=plan(spot, *size), after=tuple(shapes))


def _bare(name: str, since: date, outline: Positions, look: Surface) -> Change:
    return Change(name=name, since=since, outline=outline, after=(on_ground(outline, look),))


def _clearing(name: str, since: date, spot: Site, form: tuple[float, float], look: str) -> Change:
    return Change(name=name, since=since, outline=ring(spot, *form), after=felled(spot, *form, look))


def _write() -> tuple[Change, ...]:
    fill = site(425, 1885, 10)
    dug = site(1655, 2745, 25)
    dig = site(1955, 655, 30)
    home = site(905, 1905, 8)
    gone = site(345, 640, 4)
    return (
        Change(name="quarry", since=date(2025, 3, 28), outline=ring(dig, 37, 0.85), after=pit(dig, 37, 0.85)),
        _house("house on a seam", date(2025, 4, 2), (a := site(1022, 885, 6)), (13, 9), flat(a, 13, 9, 3)),
        _bare(
            "earth road",
            date(2025, 4, 15),
            strip([(1245, 1365), (1420, 1390), (1660, 1500)], 5.0),
            surface("track"),
        ),
        _house("shed", date(2025, 4, 20), (b := site(1690, 500, 12)), (30, 16), gable(b, 30, 16, "tin", 6.0)),
        _house(
            "tiled house",
            date(2025, 4, 25),
            (c := site(2745, 2470, -8)),
            (12, 9),
            gable(c, 12, 9, "tile"),
        ),
        _bare(
            "concrete yard",
            date(2025, 4, 30),
            plan(site(640, 600, -7), 26, 19),
            surface("paving", tone=1.05, row=(0.05, 0.006), rows=0.03),
        ),
        _clearing("cleared orchard", date(2025, 5, 4), site(1830, 1790, 0), (28, 0.95), "redsoil"),
        Change(name="pond dug", since=date(2025, 5, 8), outline=ring(dug, 23, 0.8), after=water(dug, 23, 0.8)),
        Change(
            name="pond filled",
            since=date(2025, 5, 11),
            outline=ring(fill, 18, 0.8),
            before=water(fill, 18, 0.8),
            after=(on_ground(ring(fill, 18, 0.8), surface("dirt", tone=0.98)),),
        ),
        _house("extension", date(2025, 5, 15), (d := site(2398, 676, -14)), (8, 6), flat(d, 8, 6, 8)),
        _house("store", date(2025, 5, 17), (e := site(1345, 2545, 3)), (14, 8), gable(e, 14, 8, "blue", 4.0)),
        _house(
            "hut",
            date(2025, 5, 20),
            (f := site(160, 2660, 9)),
            (6.5, 5),
            gable(f, 6.5, 5, "thatch", 2.4),
        ),
        Change(name="homestead", since=date(2025, 5, 25), outline=plan(home, 22, 17), after=homestead(home)),
        Change(
            name="house pulled down",
            since=date(2025, 7, 5),
            outline=plan(gone, 12, 9),
            before=tuple(flat(gone, 12, 9, 11)),
            after=(on_ground(plan(gone, 12, 9), surface("redsoil", tone=1.04)),),
        ),
        _bare(
            "concrete road",
            date(2025, 7, 20),
            strip([(2476, 2330), (2640, 2345), (2800, 2365), (3005, 2335)], 4.5),
            surface("paving", tone=1.04),
        ),
        _clearing("felled wood", date(2025, 8, 10), site(850, 235, 20), (34, 0.85), "soil"),
        _house(
            "hall",
            date(2025, 8, 28),
            (g := site(165, 2455, -9)),
            (40, 18),
            gable(g, 40, 18, "green", 6.0),
        ),
        _house(
            "poultry shed",
            date(2025, 10, 20),
            (h := site(1985, 2640, 2)),
            (60, 12),
            gable(h, 60, 12, "rust"),
        ),
        _house(
            "small hut",
            date(2025, 11, 2),
            (i := site(310, 1385, 15)),
            (5.2, 4.2),
            gable(i, 5.2, 4.2, "tin", 2.3),
        ),
    )


SCRIPT = _write()


def changes_between(before: date, after: date) -> list[Change]:
    """Return what changed after one day and up to another."""
    return [change for change in SCRIPT if before < change.since <= after]


def works_on(day: date) -> list[tuple[Positions, tuple[Shape, ...]]]:
    """Return what is drawn over the land on a day: outlines, and the shapes within."""
    return [(change.outline, shapes) for change in SCRIPT if (shapes := change.drawn(day))]


def truth(view: View, before: date, after: date) -> NDArray[np.uint8]:
    """Draw the mask of what changed in a view between two days: 255 inside the outlines, else 0."""
    mask = np.zeros((view.size_px, view.size_px), np.uint8)
    for change in changes_between(before, after):
        corners = np.array([view.pixel(*corner) for corner in change.lonlat]) - 0.5
        cv2.fillPoly(mask, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    return mask
