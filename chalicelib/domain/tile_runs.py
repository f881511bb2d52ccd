"""Tile runs: one tile in one session, from its plan to its verdict, and what follows from what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.bands import HasObjects, StoredBands
from chalicelib.domain.breakers import CLOSED, Breaker
from chalicelib.domain.images import StoredImage
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.places import KnownPart, Sighting
from chalicelib.domain.scenes import Found, Scene
from chalicelib.domain.shapes import Outlines, Watched
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View
from chalicelib.domain.two_dates import TwoDates


class Verdict(StrEnum):
    """The answer for one tile run, written once."""

    CHANGED = "CHANGED"
    NO_CHANGE = "NO_CHANGE"
    BASELINE = "BASELINE"
    NO_NEW_IMAGERY = "NO_NEW_IMAGERY"
    OBSCURED = "OBSCURED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class TileState(StrEnum):
    """Where an open tile run is. An ended one has the state ENDED and a verdict."""

    PLANNED = "PLANNED"
    CAPTURING = "CAPTURING"
    CAPTURED = "CAPTURED"
    COMPARING = "COMPARING"
    ENDED = "ENDED"


LAND_IS_ANOTHER = "a new baseline: the land was changed since this picture was looked at"
CAPTURE_STATES = (TileState.PLANNED, TileState.CAPTURING)  # waiting for a worker, held by one
COMPARISON_STATES = (TileState.CAPTURED, TileState.COMPARING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureClaim:
    """A worker's hold on one tile run while it captures. Only the holder of the latest fence can end the run."""

    tile_run_id: int
    session_id: int
    area_id: int
    fence: int
    opened_at: datetime  # when its session was: what was fetched later is as fresh as it can ask for
    area: Bounds
    watched: Watched | None = None  # of the tile, where its area has a shape; None: all that lies in `area`
    view: View
    provider: str
    newest: StoredImage | None  # the last usable image of this tile from this provider, of its area's land as it is
    references: tuple[StoredImage, ...]  # those that a new image is most likely to be compared with
    stored: tuple[StoredImage, ...] = ()  # of that land, its newest and oldest images, also what shows too little
    of_other_land: tuple[StoredImage, ...] = ()  # usable ones that were looked at when that was another
    unusable: str | None = None  # why a newer scene could not be used, as an earlier try found
    found: Found | None = None  # the scenes that its session has found; None until somebody has searched
    dates: TwoDates | None = None  # that its session compares: then what is known of the tile is no matter
    compare_since: date | None = None  # nothing from long before it is a baseline
    thresholds: Thresholds
    breaker: Breaker = CLOSED  # of its provider
    attempts: int = 1  # how often this work was begun without an answer, this time included
    last_reason: str | None = None  # why the last attempt gave none, where that is known
    request_id: str = ""  # of the request that began it
    turn: int = 0  # its place in the fair order of all work
    waits: int = 0  # how often in a row it was postponed
    failures: int = 0  # how often its provider gave it no answer

    @property
    def outlines(self) -> Outlines | None:
        """What of the image is watched; None: all that lies in `area`."""
        return self.watched and self.watched.outlines

    def has_compared(self, scene: Scene, captured: Captured) -> bool:
        """Whether an image of a scene, or one of its bytes, was compared when its area's land was another.

        Behind an image of this land it counts as new: a scene that was withdrawn has brought it back.
        """
        if any(image.is_usable and image.taken_at <= captured.taken_at for image in self.stored):
            return False
        settled = (image for image in self.of_other_land if image.is_settled)
        return any(image.is_of(scene) or image.digests == captured.digests for image in settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonClaim:
    """A worker's hold on one tile run while it compares."""

    tile_run_id: int
    session_id: int
    area_id: int
    fence: int
    area: Bounds
    watched: Watched | None = None  # as of a CaptureClaim
    image: StoredImage
    reference: StoredImage
    thresholds: Thresholds
    is_compared: bool  # this pair has its comparison already, from an earlier session
    older: tuple[StoredImage, ...] = ()  # images from before the reference, to hold a change against
    refused: tuple[StoredImage, ...] = ()  # of other days, newer than the reference, which they did not fit
    doubted: tuple[Outline, ...] = ()  # what the comparison of the reference saw and doubted
    baseline: StoredImage | None = None  # what it is compared with as well; None where that is the reference
    seasons: tuple[StoredImage, ...] = ()  # with bands: of the same season of earlier years
    between: tuple[StoredImage, ...] = ()  # images from after the baseline, the reference first
    waiting: tuple[dict[str, Any], ...] = ()  # regions, as kept, that an earlier image showed once
    waiting_against: StoredImage | None = None  # the earliest image that some of it was seen against
    waiting_since: datetime | None = None  # when the image before was taken, that says so
    known: tuple[KnownPart, ...] = ()  # what is known of the places on this tile and around it
    dates: TwoDates | None = None  # that its session compares: then its images are those of these dates alone
    has_layers: bool = False  # its area's owner: an alert names the parcels that it touches
    attempts: int = 1  # how often this work was begun without an answer, this time included
    last_reason: str | None = None  # why the last attempt gave none, where that is known
    request_id: str = ""  # of the request that began it
    turn: int = 0  # its place in the fair order of all work
    waits: int = 0  # how often in a row it was postponed
    failures: int = 0  # how often its provider gave it no answer

    @property
    def view(self) -> View:
        """What both images show."""
        return self.image.view

    @property
    def outlines(self) -> Outlines | None:
        """What of both images is watched; None: all that lies in `area`."""
        return self.watched and self.watched.outlines


Claim = CaptureClaim | ComparisonClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured(HasObjects):
    """An image that is new to its area, and whose bytes are stored already: object first, row second."""

    capture_id: int
    key: str
    sha256: str
    size_bytes: int
    bands: StoredBands | None = None
    scene: Scene
    fetched_at: datetime
    attribution: str
    clear_share: float
    is_usable: bool  # enough of it is clear to compare with, now and later
    note: str | None = None  # what is said of it where it becomes the baseline
    version_after: datetime | None = None  # the time of the version of its scene that it comes after
    is_known: bool = False  # it was compared before its area's land was changed: of that it is the baseline

    @property
    def taken_at(self) -> datetime:
        """When it was taken; where the provider does not say, when it was fetched.

        A version of a scene never comes before an earlier one, also where an item was taken away or dated back.
        """
        taken_at = self.scene.captured_at or self.fetched_at
        return max(taken_at, self.version_after or taken_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowComparison:
    """What the comparison with the baseline comes to, as it is kept."""

    baseline_id: int
    verdict: Verdict
    ignored: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a tile run ends."""

    verdict: Verdict
    reason: str | None = None
    clear_share: float | None = None
    # The thresholds' key where a comparison was made: that pair need not be compared again.
    compared_by: str | None = None
    ignored: list[dict[str, Any]] | None = None  # what a comparison saw that is no alert
    slow: SlowComparison | None = None  # beside the comparison with the reference
    sightings: tuple[Sighting, ...] = ()
    parcels: tuple[NamedParcel, ...] = ()  # that its alert touches
    change_log: dict[str, Any] | None = None
    shown_against: int | None = None  # the image that the alert is about, beside the newer one; None: the reference
    mask_key: str | None = None
    overlay_key: str | None = None
    failed_provider: str | None = None  # whose imagery it was that could not be had
    lost_image_id: int | None = None  # an image that is gone, damaged or misplaced: it is never used again
    reinstated_image_id: int | None = None  # one that was refused, and the lost one was odd: the next reference
    image_id: int | None = None  # of a capture without a new image: the stored one that it rests on


ALREADY_COMPARED = Outcome(verdict=Verdict.NO_NEW_IMAGERY, reason="this pair is compared already")


def after_nothing_new(image: StoredImage, reference: StoredImage | None) -> StoredImage | Outcome:
    """Decide what follows where the provider has nothing that is newer than a stored image.

    Nothing new is only said of an image that was compared, or taken as the baseline. Another one is compared now,
    whatever ended the session that captured it: the answer is its reference. Where there is none any more, it is the
    baseline.
    """
    if image.is_settled:
        return Outcome(verdict=Verdict.NO_NEW_IMAGERY, clear_share=image.answered_share, image_id=image.image_id)
    return reference or Outcome(verdict=Verdict.BASELINE, clear_share=image.clear_share, image_id=image.image_id)


def after_capture(captured: Captured, reference: StoredImage | None) -> StoredImage | Outcome:
    """Decide what follows the capture of a usable image: the reference to compare with, or how the tile run ends.

    The first one has nothing to be compared with: BASELINE. So is the first one on other land that was compared before
    on the land as it was then: on the ground that stayed nothing is new, and of the other one nothing is known.
    """
    if captured.is_known:
        return Outcome(verdict=Verdict.BASELINE, clear_share=captured.clear_share, reason=LAND_IS_ANOTHER)
    if reference is None:
        return Outcome(verdict=Verdict.BASELINE, clear_share=captured.clear_share, reason=captured.note)
    return reference
