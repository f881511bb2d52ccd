"""Unseen ground: what a session should have looked at and did not see, how much of it, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.errors import Invalid
from chalicelib.domain.tile_runs import Verdict

DEFAULT_TOLERANCE = 0.05
"""A share of the area: a session that did not see more is no all-clear."""

NOTICED = 0.01  # of a tile: what is less is a seam or a rounded edge, and no ground that waits to be seen
LOOKED = (Verdict.CHANGED, Verdict.NO_CHANGE, Verdict.BASELINE, Verdict.NO_NEW_IMAGERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """How much of a session's ground was not seen."""

    m2: float
    of_m2: float
    since: datetime | None = None  # when the part that waits longest was missed first

    @property
    def share(self) -> float:
        """The share of the ground, 0 to 1."""
        return min(1.0, self.m2 / self.of_m2) if self.of_m2 > 0 else 0.0

    def is_more_than(self, tolerance: float) -> bool:
        """Whether it is more than may stay unseen under an all-clear."""
        return self.share > tolerance


class SeenTile(NamedTuple):
    """How much of an area a tile is, and when the image was taken that showed it clearly last."""

    clearly_at: datetime | None  # None: not known, or never
    m2: float


def is_clear(seen: float, *, tolerance: float) -> bool:
    """Whether a tile was clearly seen, of which so much was seen: an area bears no more unseen ground than that."""
    return 1.0 - seen < NOTICED or 1.0 - seen <= tolerance


def clearly_seen_at(tiles: Iterable[SeenTile], *, tolerance: float) -> datetime | None:
    """Return since when images have shown an area clearly: all of it, but what may stay unseen under an all-clear.

    It is the time of images, not of looking at them, and says nothing of changes. None where that is not known of too
    much of the area.

    >>> may, june = datetime(2026, 5, 1), datetime(2026, 6, 1)
    >>> str(clearly_seen_at([SeenTile(june, 60), SeenTile(may, 36), SeenTile(None, 4)], tolerance=0.05))
    '2026-05-01 00:00:00'
    """
    every = list(tiles)
    of_m2 = sum(tile.m2 for tile in every)
    dated = sorted(((tile.clearly_at, tile.m2) for tile in every if tile.clearly_at is not None), reverse=True)
    m2 = 0.0
    for at, of_tile in dated:
        m2 += of_tile
        if of_m2 > 0 and is_clear(m2 / of_m2, tolerance=tolerance):
            return at
    return None


def days_since(at: datetime | None, *, now: datetime) -> int | None:
    """Return the whole days since then; None where that is not known."""
    return None if at is None else max(0, (now - at).days)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenTile:
    """A tile of a session whose ground was not all seen."""

    tile: str
    verdict: Verdict
    reason: str | None
    unseen: Unseen
    clearly_seen_at: datetime | None = None  # by an image of then; None: not known


def seen_share(verdict: Verdict, clear_share: float | None) -> float:
    """Return the share of a tile's ground that a tile run answers for: what its newest usable image shows.

    An obscured image was not compared, and what failed or was cancelled showed nothing.

    >>> seen_share(Verdict.NO_CHANGE, 0.7), seen_share(Verdict.OBSCURED, 0.2)
    (0.7, 0.0)
    """
    if verdict not in LOOKED:
        return 0.0
    return 1.0 if clear_share is None else clear_share


def checked_tolerance(share: float) -> float:
    """Return the share of an area that may stay unseen under an all-clear. Raises Invalid."""
    if not 0 <= share <= 1:
        raise Invalid(f"a share is 0 to 1, not {share:g}", pointer="/unseenTolerance")
    return share
