"""Choosing: which scenes a tile run looks at, newest first, until the ground is clear; and which is the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from chalicelib.domain.images import StoredImage, is_usable
from chalicelib.domain.references import CLEAR_SHARE
from chalicelib.domain.scenes import LEAST_SHARE, SINCE, Found, Item, Scene, day_of, shown_share
from chalicelib.domain.shapes import Watched, bounds_of_outlines
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, View, bounds_of, centre_of, shared_m2
from chalicelib.domain.two_dates import NEAR, near

MOST_LOOKED_AT = 4  # scenes of one tile in one session: further ones are the next session's
MOST_FAILED = 12  # of one tile in one session, besides: what cannot be used hides nothing behind it
MOST_OLDEST = 2  # of them, where a baseline is looked for
ALIKE = 1.5  # times as coarse, at most
LEAST_OF_VIEW = 1e-9  # of an image: whatever an area on it may see a part of
LEAST_FILL = 1e-6  # of the box around a shape's part of a tile
MORE = 0.05  # of the ground: an older scene that may show so much more is worth a look


class Ground(NamedTuple):
    """The ground that a tile run answers for: the tile's part inside the area."""

    bounds: Bounds
    slack: tuple[float, float]  # a pixel's width and height, in degrees
    view: Bounds  # of the whole image, with what its neighbours see of it
    fill: float = 1.0  # the share of `bounds` that it is

    @property
    def lon(self) -> float:
        """Where its noon is."""
        return centre_of(self.view)[0]

    @classmethod
    def of(cls, view: View, area: Bounds, watched: Watched | None = None) -> Ground:
        """Return it, at least a pixel wide and high: a thinner part is rounding, not ground."""
        tile = bounds_of(view.tile)
        fill = 1.0
        if watched is not None and watched.outlines is not None:
            area = bounds_of_outlines(watched.outlines)
            fill = min(1.0, max(LEAST_FILL, watched.m2 / max(watched.m2, shared_m2(view.tile, area), LEAST_FILL)))
        slack = (tile.east - tile.west) / view.tile_px, (tile.north - tile.south) / view.tile_px
        west, east = _at_least(max(tile.west, area.west), min(tile.east, area.east), slack[0])
        south, north = _at_least(max(tile.south, area.south), min(tile.north, area.north), slack[1])
        return cls(Bounds(west, south, east, north), slack, view.bounds, fill)

    def shown_share(self, scene: Scene) -> float:
        """Return how much of it a scene shows at most, 0 to 1."""
        return min(1.0, scene.shown_share(self.bounds, slack=self.slack) / self.fill)

    def scenes(self, found: Found) -> list[Scene]:
        """Return the scenes that show some of it, as they are there: newest first."""
        here = (self._part_of(scene) for scene in found.scenes)
        return [scene for scene in here if scene is not None]

    def whole(self, scene: Scene, found: Found) -> Scene:
        """Return one of those scenes with all that the image shows: the same for all areas that have this tile."""
        day = day_of(scene.captured_at, self.lon)
        of_day = (each for each in found.scenes if day_of(each.captured_at, self.lon) == day)
        wholes = (each.over(self.view, slack=self.slack, least=LEAST_OF_VIEW) for each in of_day if scene.items)
        return next((whole for whole in wholes if whole and set(whole.items) >= set(scene.items)), scene)

    def of_scene(self, scene: Scene) -> Scene:
        """Return a scene with what it shows of this ground."""
        return self._part_of(scene) or scene

    def _part_of(self, scene: Scene) -> Scene | None:
        return scene.over(self.bounds, slack=self.slack, least=LEAST_SHARE * self.fill)

    def of_image(self, image: StoredImage) -> StoredImage:
        """Return a stored image as one of this ground: what it shows beside it is no news here."""
        if not image.items:
            return image
        scene = self.of_scene(Scene(scene_id=image.scene_id, captured_at=image.captured_at, items=image.items))
        return replace(image, items=scene.items, version=scene.version)

    def is_of_day(self, image: StoredImage, scene: Scene) -> bool:
        """Whether an image was taken on a scene's day."""
        return image.captured_at is not None and day_of(image.captured_at, self.lon) == day_of(
            scene.captured_at, self.lon
        )

    def reached_by(self, scenes: list[Scene], thresholds: Thresholds) -> list[Scene]:
        """Return those scenes that may show enough of it to be compared; all of them where none does."""
        shares = [self.shown_share(scene) for scene in scenes]
        enough = [scene for scene, share in zip(scenes, shares, strict=True) if is_usable(share, thresholds)]
        return enough or scenes

    def refused(self, found: Found) -> list[Unusable]:
        """Return what cannot be used and would show some of it."""
        return [
            Unusable(refused.captured_at, refused.reason)
            for refused in found.refused
            if refused.bounds is not None
            and shown_share(Item("", refused.captured_at, "", refused.bounds), self.bounds, self.slack) > 0
        ]


def _at_least(low: float, high: float, length: float) -> tuple[float, float]:
    short = max(0.0, length - (high - low)) / 2
    return low - short, high + short


class Unusable(NamedTuple):
    """A scene that could not be used, and why."""

    captured_at: datetime | None
    reason: str


class Step(NamedTuple):
    """A scene to look at, and what is stored of exactly that version. None: it is not stored, or only stored."""

    scene: Scene | None
    image: StoredImage | None

    @property
    def captured_at(self) -> datetime | None:
        """When it was taken."""
        if self.scene is not None:
            return self.scene.captured_at
        return self.image.taken_at if self.image is not None else None

    @property
    def is_answered(self) -> bool:
        """Whether it was compared, or is the baseline."""
        return self.image is not None and self.image.is_usable and self.image.is_settled

    @property
    def is_floor(self) -> bool:
        """Whether all that is older has been answered for: it was compared, and nothing of the ground was hidden."""
        return self.is_answered and self.image is not None and self.image.answered_share >= CLEAR_SHARE


def steps_down(scenes: Sequence[Scene], stored: Sequence[StoredImage], *, lon: float) -> list[Step]:
    """Return what a tile run looks at, newest first: down to the first clear image that is settled.

    Where none is clear, down to the oldest that is settled: what is older than the baseline has changed before. A new
    version of a scene comes before the stored ones of its day, whatever time it names.
    """
    steps = [Step(scene, next((image for image in stored if image.is_of(scene)), None)) for scene in scenes]
    matched = {step.image.image_id for step in steps if step.image is not None}
    steps += [Step(None, image) for image in stored if image.is_usable and image.image_id not in matched]
    steps.sort(key=lambda step: _newest_last(step, lon), reverse=True)
    floors = [place for place, step in enumerate(steps) if step.is_floor][:1]
    settled = [place for place, step in enumerate(steps) if step.is_answered]
    last = (floors or settled[-1:] or [len(steps)])[0]
    return steps[: last + 1]


def _newest_last(step: Step, lon: float) -> tuple[date, bool, float, int]:
    day = day_of(step.captured_at, lon)
    if step.image is not None:
        return day, False, step.image.taken_at.timestamp(), step.image.image_id
    return day, True, step.captured_at.timestamp() if step.captured_at else 0.0, 0


def is_worth_a_look(may_show: float, answered: float, *, looked_at: int, failed: int) -> bool:
    """Whether a scene is looked at in this session, where so much of the ground was answered for by newer ones.

    >>> is_worth_a_look(1.0, 0.0, looked_at=4, failed=0), is_worth_a_look(1.0, 0.0, looked_at=0, failed=4)
    (False, True)
    """
    return looked_at < MOST_LOOKED_AT and failed < MOST_FAILED and (not answered or may_show > answered + MORE)


def are_alike(one: float | None, other: float | None) -> bool:
    """Whether two resolutions, in metres a pixel, can be compared: what only one shows would look like a change.

    >>> are_alike(0.5, 0.6), are_alike(0.5, 0.1), are_alike(None, 0.1)
    (True, False, True)
    """
    return one is None or other is None or max(one, other) <= ALIKE * min(one, other)


def baselines(
    scenes: Iterable[Scene],
    stored: Sequence[StoredImage],
    *,
    before: datetime,
    gsd_m: float | None,
    lon: float,
    since: date | None = None,
) -> list[Scene]:
    """Return the scenes that may be the baseline of a tile: the oldest ones of days before a time, not stored.

    Where changes since a day are asked for, it is the clearest ones near that day, or else the oldest since then. They
    have about the resolution of what is to be compared with them, in metres a pixel.
    """
    older = [
        scene
        for scene in scenes
        if scene.captured_at is not None
        and day_of(scene.captured_at, lon) < day_of(before, lon)
        and are_alike(scene.gsd_m, gsd_m)
        and not any(image.is_of(scene) and image.key for image in stored)  # without a key it was dropped
    ]
    if since is not None:
        if any(image.is_usable and abs(day_of(image.taken_at, lon) - since) <= NEAR for image in stored):
            return []  # it has its baseline
        nearby = near(older, since, lon=lon)
        if nearby:
            return nearby[:MOST_OLDEST]
        older = [scene for scene in older if day_of(scene.captured_at, lon) > since]
    return sorted(older, key=lambda scene: day_of(scene.captured_at, lon))[:MOST_OLDEST]


def earliest_baseline(since: date | None) -> datetime:
    """Return the time before which no image is the baseline, where changes since a day are asked for."""
    return SINCE if since is None else datetime.combine(since - NEAR, time(), tzinfo=UTC)


def newer_unusable(unusable: Iterable[Unusable], *, than: datetime | None, lon: float) -> str | None:
    """Say why newer scenes could not be used than the image that an answer rests on; None if there was none.

    One of the same day counts: a part of the scene is missing.
    """
    days = [(day_of(each.captured_at, lon), each.reason) for each in unusable]
    reasons = [reason for day, reason in days if than is None or day >= day_of(than, lon)]
    return "; ".join(dict.fromkeys(reasons)) or None


def why_not_compared(scenes: Iterable[Scene], scene: Scene, *, lon: float) -> str | None:
    """Say why a scene is a new baseline beside older ones: they are of another resolution; None if none of them is."""
    day = day_of(scene.captured_at, lon)
    older = [each for each in scenes if day_of(each.captured_at, lon) < day]
    unlike = [each for each in older if not are_alike(each.gsd_m, scene.gsd_m)]
    if not unlike:
        return None
    of_older, of_this = unlike[0].gsd_m or 0.0, scene.gsd_m or 0.0
    return f"a new baseline: the older pictures have {of_older:.2g} m a pixel, this one {of_this:.2g} m"
