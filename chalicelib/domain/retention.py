"""Retention: which stored images are kept, why, and until when.

An image is dropped when it is older than the days of its kind, or beyond the newest of its tile, and nothing uses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.choosing import earliest_baseline
from chalicelib.domain.references import CLEAR_SHARE, worth_of

MOST_LOOKED_AT = 8  # of a tile's newest images, by a session


class Use(StrEnum):
    """What an image is kept for, whatever its age."""

    HOLD = "hold"  # a legal hold
    PIN = "pin"
    ALERT = "alert"  # before or after of an alert, or the baseline that one was held against
    PLACE = "place"
    BASELINE = "baseline"  # what its tile's changes are told since
    REFERENCE = "reference"  # what the next image is compared with
    NEWEST = "newest"  # of the newest few of its tile


class UsedBy(NamedTuple):
    """One use of an image; `number` is the hold, the alert or the place, where it is one."""

    use: Use
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long images are kept that nothing uses."""

    image_days: int  # since they were stored
    images_per_tile: int
    bands_days: int  # of an image with bands: the whole of it, and however many there are
    newest_per_tile: int = MOST_LOOKED_AT  # that are never dropped


class Kept(NamedTuple):
    """A stored image, as far as keeping it goes."""

    image_id: int
    taken_at: datetime
    stored_at: datetime
    clear_share: float
    is_usable: bool
    is_settled: bool
    is_baseline: bool
    is_apart: bool
    has_bands: bool
    used_by: frozenset[UsedBy]  # as far as that is known without its tile's other images
    answered_share: float = 1.0  # of the ground, 0 to 1: less than is clear where less was compared


class Standing(NamedTuple):
    """How an image stands: what uses it, else until when it is kept; `is_beyond` the number of its tile's images."""

    used_by: frozenset[UsedBy]
    until: datetime | None
    is_beyond: bool

    @property
    def in_order(self) -> tuple[UsedBy, ...]:
        """What uses it, in the order of `Use`."""
        order = list(Use)
        return tuple(sorted(self.used_by, key=lambda each: (order.index(each.use), each.number or 0)))

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be dropped."""
        return self.until is not None and (self.is_beyond or self.until <= now)


def standings(
    images: Sequence[Kept], policy: Policy, *, accepted_at: datetime | None, compare_since: date | None
) -> dict[int, Standing]:
    """Say of each image of a tile how it stands. They are all of one tile, provider and grid.

    Of more images than are kept, those that show too little go first, then the oldest. Pinned ones, those with bands,
    and those of two dates that somebody asked for count for nothing.
    """
    own = [image for image in images if not image.is_apart]
    uses = _uses(own, policy.newest_per_tile, accepted_at=accepted_at, compare_since=compare_since)
    counted = [each for each in own if not each.has_bands and UsedBy(Use.PIN) not in each.used_by]
    ranked = sorted(counted, key=lambda each: (each.is_usable, each.taken_at, each.image_id), reverse=True)
    beyond = {each.image_id for each in ranked[policy.images_per_tile :]}
    found = {}
    for image in images:
        used_by = image.used_by | uses.get(image.image_id, frozenset())
        days = policy.bands_days if image.has_bands else policy.image_days
        until = None if used_by else image.stored_at + timedelta(days=days)
        found[image.image_id] = Standing(used_by, until, image.image_id in beyond)
    return found


def _uses(
    images: Sequence[Kept], newest: int, *, accepted_at: datetime | None, compare_since: date | None
) -> Mapping[int, frozenset[UsedBy]]:
    """Say which images a tile's next comparison begins with: by the rules of `references` and `claimed_images`."""
    newest_first = sorted(images, key=lambda each: (each.taken_at, each.image_id), reverse=True)
    usable = [each for each in newest_first if each.is_usable]
    settled = [each for each in usable if each.is_settled]
    clear = [each for each in settled if each.clear_share >= CLEAR_SHARE]
    worth = {each.image_id: worth_of(each.clear_share, min(each.clear_share, each.answered_share)) for each in settled}
    references = [next((each for each in settled if worth[each.image_id] >= least), None) for least in (1, 2)]
    since = earliest_baseline(compare_since)
    accepted = [each for each in clear if accepted_at is not None and each.stored_at <= accepted_at]
    baselines = [each for each in images if each.is_baseline]
    # What a day or an acceptance is asked for anew finds the oldest of all still there.
    baselines += [*usable[-1:], *settled[-1:], *clear[-1:], *[e for e in clear if e.taken_at >= since][-1:]]
    baselines += [*[each for each in usable if each.taken_at >= since][-1:], *accepted[:1]]
    found: dict[int, set[UsedBy]] = {}
    for use, those in (
        (Use.BASELINE, baselines),
        (Use.REFERENCE, [*usable[:1], *settled[:1], *filter(None, references)]),
        (Use.NEWEST, newest_first[:newest]),
    ):
        for each in those:
            found.setdefault(each.image_id, set()).add(UsedBy(use))
    return {image_id: frozenset(used_by) for image_id, used_by in found.items()}
