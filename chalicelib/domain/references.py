"""References: which stored image a new one is compared with, and which older ones a change is held against."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from chalicelib.domain.images import StoredImage
from chalicelib.domain.scenes import day_of
from chalicelib.domain.tiles import centre_of

CLEAR_SHARE = 0.9  # of tile and area
"""An image that shows less is compared, but no later one with it, as long as a clearer one is there: what a cloud hid
would otherwise never be compared."""

HALF = 0.5
"""An image of which a comparison saw less is no reference either: what was hidden then would never be compared."""

MOST_OLDER = 6
MOST_WITNESSES = 3
EARLIEST = 2  # of the images that a slow change is held against: those right after the baseline
MOST_OF_THE_SEASON = 2  # of them: from the same time of another year
SEASON_DAYS = 30
YEAR_DAYS = 365.25


class Dated(Protocol):
    """What the choice looks at: a candidate, or a stored image."""

    @property
    def image_id(self) -> int:
        """Its id."""
        ...

    @property
    def taken_at(self) -> datetime:
        """When it was taken."""
        ...

    @property
    def clear_share(self) -> float:
        """How much of it is clear, 0 to 1."""
        ...

    @property
    def answered_share(self) -> float:
        """How much of the ground it answers for, 0 to 1."""
        ...

    @property
    def is_settled(self) -> bool:
        """Whether it was compared, or taken as the baseline."""
        ...


C = TypeVar("C", bound=Dated)


class Candidate(NamedTuple):
    """A usable image of a tile, as far as choosing goes.

    It is settled if it was compared, or taken as the baseline: what changed before it is known, so nothing is lost by
    comparing with it.
    """

    image_id: int
    taken_at: datetime
    clear_share: float
    is_settled: bool = True
    is_baseline: bool = False  # it was taken as one: what changed before it is no matter, or was told
    compared_share: float | None = None  # the most that a comparison of it saw; None: that is not known

    @property
    def answered_share(self) -> float:
        """How much of the ground it answers for, 0 to 1."""
        return self.clear_share if self.compared_share is None else min(self.clear_share, self.compared_share)


class Pair(NamedTuple):
    """An image and the reference to compare it with, by their ids."""

    image_id: int
    reference_id: int


def choose_reference(candidates: Iterable[C], *, taken_before: datetime, stored_before: int | None = None) -> C | None:
    """Choose what an image is compared with: the newest settled one that was taken before it, clear ones first.

    What was compared with next to nothing in sight comes last: an image is settled by that, and its ground is not.

    Where none is settled it is the oldest: what changed between two that nobody compared would else never be told.

    Of one moment, an image that was stored earlier, with a lower id, is an earlier version of the scene: it is the
    reference only where there is none from before. An image that is not stored yet (None) comes after all that are.

    >>> from datetime import UTC
    >>> clear, hazy = (Candidate(n, datetime(2026, 1, n, tzinfo=UTC), share) for n, share in ((1, 0.95), (2, 0.5)))
    >>> choose_reference([clear, hazy], taken_before=datetime(2026, 1, 3, tzinfo=UTC)).image_id
    1
    """
    last_id = sys.maxsize if stored_before is None else stored_before
    older = [each for each in candidates if (each.taken_at, each.image_id) < (taken_before, last_id)]
    settled = [candidate for candidate in older if candidate.is_settled]
    if settled:

        def in_order(c: C) -> tuple[int, bool, datetime, int]:
            return worth_of(c.clear_share, c.answered_share), c.taken_at < taken_before, c.taken_at, c.image_id

        return max(settled, key=in_order)
    return min(older, key=lambda c: (c.clear_share < CLEAR_SHARE, c.taken_at, c.image_id), default=None)


def worth_of(clear_share: float, answered_share: float) -> int:
    """Return how good a reference a settled image is: 2 a clear one, 1 what answers for a part, 0 for nothing.

    >>> worth_of(1.0, 0.6), worth_of(0.5, 0.5), worth_of(1.0, 0.4), worth_of(1.0, 0.0)
    (2, 1, 1, 0)
    """
    if clear_share >= CLEAR_SHARE and answered_share >= HALF:
        return 2
    return 1 if answered_share > 0 else 0


def newest_pair(candidates: Sequence[Candidate]) -> Pair | None:
    """Pair a tile's newest usable image with its reference; None where it has none, or is the baseline."""
    newest = max(candidates, key=lambda c: (c.taken_at, c.image_id), default=None)
    if newest is None or newest.is_baseline:
        return None
    reference = choose_reference(candidates, taken_before=newest.taken_at, stored_before=newest.image_id)
    return None if reference is None else Pair(newest.image_id, reference.image_id)


def choose_older(images: Sequence[StoredImage], *, taken_at: datetime) -> tuple[StoredImage, ...]:
    """Choose, out of a tile's images older than the reference, those that say most about one taken at a time.

    Those nearest to its day of the year, from other years, show whether a change comes back with the season; the newest
    ones, whether it was the reference that was odd. Newest first.
    """

    def off_season(image: StoredImage) -> float:
        days = abs((taken_at - image.taken_at).total_seconds()) / 86_400
        years = round(days / YEAR_DAYS)
        return abs(days - years * YEAR_DAYS) if years else YEAR_DAYS

    newest_first = sorted(images, key=lambda image: image.taken_at, reverse=True)
    same_season = [image for image in newest_first if off_season(image) <= SEASON_DAYS]
    chosen = sorted(same_season, key=off_season)[:MOST_OF_THE_SEASON]
    chosen += [image for image in newest_first if image not in chosen][: MOST_OLDER - len(chosen)]
    return tuple(sorted(chosen, key=lambda image: image.taken_at, reverse=True))


def choose_witnesses(refused: Iterable[StoredImage], *, image: StoredImage) -> tuple[StoredImage, ...]:
    """Choose, out of images that did not fit the reference of one, those that can say that it is the odd one.

    Another look at the same scene, or the same bytes, says nothing new. One of a day, newest first.
    """
    lon = centre_of(image.view.bounds)[0]
    of_days = {day_of(image.captured_at, lon): image}
    for each in sorted(refused, key=lambda one: one.taken_at, reverse=True):
        if each.sha256 not in {known.sha256 for known in of_days.values()}:
            of_days.setdefault(day_of(each.captured_at, lon), each)
    return tuple(each for each in of_days.values() if each is not image)[:MOST_WITNESSES]


def choose_between(
    images: Sequence[StoredImage], *, baseline: StoredImage, reference: StoredImage
) -> tuple[StoredImage, ...]:
    """Choose, out of a tile's images, those that tell how it went from the baseline to the reference.

    The reference itself, the newest before it, the first after the baseline, and some between. Newest first.
    """
    after = sorted((each for each in images if each.taken_at > baseline.taken_at), key=lambda image: image.taken_at)
    first, rest = after[:EARLIEST], after[EARLIEST:]
    wanted = MOST_OLDER - 1 - len(first)
    spread = rest if len(rest) <= wanted else [rest[round(n * (len(rest) - 1) / (wanted - 1))] for n in range(wanted)]
    return (reference, *reversed((*first, *spread)))
