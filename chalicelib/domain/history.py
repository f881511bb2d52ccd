"""Time as evidence: which older pictures of a tile a change is held against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain.imagery import StoredImage

MOST_OLDER = 6
MOST_OF_THE_SEASON = 2  # of them: from the same time of another year
SEASON_DAYS = 30
YEAR_DAYS = 365.25


def choose_older(images: Sequence[StoredImage], *, taken_at: datetime) -> tuple[StoredImage, ...]:
    """Choose, out of a tile's pictures older than the reference, those that say most about one taken at a time.

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
