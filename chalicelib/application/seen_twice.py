"""What two images have to show before it is told: the second one is compared with what was there before the first."""

from __future__ import annotations

import logging
from functools import partial

from chalicelib.application.ports.compare import Compare, Seasons
from chalicelib.application.ports.images import Images
from chalicelib.application.read_images import read, read_older, read_older_bands
from chalicelib.domain.changes import Change
from chalicelib.domain.confirmation import Twice, told_twice, waiting_in
from chalicelib.domain.errors import BadImage, NotFound
from chalicelib.domain.images import StoredImage
from chalicelib.domain.scenes import day_of
from chalicelib.domain.tile_runs import ComparisonClaim
from chalicelib.domain.tiles import centre_of

log = logging.getLogger(__name__)


def seen_twice(
    claim: ComparisonClaim,
    pair: Change,
    slow: Change | None,
    *,
    images: Images,
    after: tuple[bytes, bytes | None],
    compare: Compare,
    seasons: Seasons | None,
) -> Twice:
    """Say what of both comparisons is told where two images have to show it; compare with a third one, if need be."""
    waiting, against = waiting_in(claim.waiting), claim.waiting_against
    if claim.dates is not None or not (waiting or claim.thresholds.is_confirmed_twice):
        return Twice(pair, slow, False)
    lon = centre_of(claim.view.bounds)[0]
    since = claim.waiting_since
    # Another piece of the same pass confirms nothing: a cloud, or a lorry, is on both.
    is_same_day = since is not None and day_of(since, lon) == day_of(claim.image.taken_at, lon)
    again = None
    if against is not None and not is_same_day:
        is_pair = against.image_id == claim.reference.image_id
        again = pair if is_pair else _compare_again(claim, images, after, against, compare=compare, seasons=seasons)
    return told_twice(
        pair,
        slow,
        again,
        waiting=waiting,
        is_same_day=is_same_day,
        known=claim.known,
        thresholds=claim.thresholds,
        reference_id=claim.reference.image_id,
        baseline_id=None if claim.baseline is None else claim.baseline.image_id,
    )


def _compare_again(
    claim: ComparisonClaim,
    images: Images,
    after: tuple[bytes, bytes | None],
    against: StoredImage,
    *,
    compare: Compare,
    seasons: Seasons | None,
) -> Change | None:
    """Compare with the image that something was seen against; None if that cannot be read, or does not fit."""
    older = [image for image in claim.older if image.taken_at < against.taken_at]
    try:
        before, bands = read(images, against)
        return compare(
            before,
            after[0],
            view=claim.view,
            area=claim.area,
            outlines=claim.outlines,
            thresholds=claim.thresholds,
            older=[partial(read_older, images, image) for image in older],
            refused=(),
            doubted=(),
            gsds_m=(against.gsd_m, claim.image.gsd_m),
            bands=(bands, after[1]),
            older_bands=[partial(read_older_bands, images, image) for image in older],
            seasons=seasons,
        )
    except (BadImage, NotFound) as failure:
        log.warning("not compared again", extra={"tile": str(claim.view.tile), "reason": failure.reason})
        return None
