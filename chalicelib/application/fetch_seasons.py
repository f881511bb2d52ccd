"""Fetch images of the same season of earlier years, a few beside each look at a tile, once that is recorded."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib.application.capture_image import CapturedElsewhereError, ImageCapture
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.domain.choosing import Ground
from chalicelib.domain.errors import BadImage, ImageryFailed, NoCoverage, Unavailable
from chalicelib.domain.scenes import Found
from chalicelib.domain.seasons import (
    LEAST_CLEAR,
    MOST_OF_A_LOOK,
    MOST_TRIED,
    YEAR,
    lacking,
    windows,
    worth_fetching,
)

log = logging.getLogger(__name__)

SPARE = timedelta(seconds=30)  # of the time that the worker has: in it none is begun


def fetch_seasons(capture: ImageCapture, *, tile_images: TileImages, clock: Clock) -> None:
    """Fetch what a tile lacks of the same season of earlier years: MOST_OF_A_LOOK images of each at most, in time.

    Nothing that fails here fails the look: the next one goes on. Safe to repeat: what is stored is not fetched again.
    """
    claim = capture.claim
    if not capture.provider.terms.has_seasons or claim.dates is not None:
        return
    try:
        kept = _fetch(capture, tile_images, clock)
    except (ImageryFailed, Unavailable) as failure:
        log.warning("season not fetched", extra={"tile": str(claim.view.tile), "reason": failure.reason})
    except CapturedElsewhereError:
        log.info("season fetched elsewhere", extra={"tile": str(claim.view.tile)})
    else:
        log.info("season fetched", extra={"tile": str(claim.view.tile), "images": kept})


def _fetch(capture: ImageCapture, tile_images: TileImages, clock: Clock) -> int:
    """Return how many images were fetched and kept."""
    claim, day = capture.claim, clock()
    stored = tile_images.times_with_bands(claim, windows(day))
    known = [taken_at for taken_at, _ in stored]  # also what shows next to nothing: it is not fetched anew
    clear = [taken_at for taken_at, clear_share in stored if clear_share >= LEAST_CLEAR]
    ground, kept = Ground.of(claim.view, claim.area, claim.watched), 0
    for years_ago, wanted in lacking(clear, day=day).items():
        if clock() > capture.until - SPARE:
            break  # the next look goes on
        then = (day - years_ago * YEAR).date()
        found = Found(scenes=capture.provider.around(claim.view.reach(claim.area), then, until=day))
        scenes, left = ground.scenes(found), min(wanted, MOST_OF_A_LOOK)
        for _ in range(MOST_TRIED):
            scene = next(iter(worth_fetching(scenes, known, day=day, years_ago=years_ago)), None)
            is_late = clock() > capture.until - SPARE
            if scene is None or scene.captured_at is None or not left or is_late:
                break
            known.append(scene.captured_at)
            try:
                captured = capture.of_ground(ground, scene, found)
            except (BadImage, NoCoverage) as failure:
                log.warning("scene not used", extra={"tile": str(claim.view.tile), "reason": failure.reason})
                continue
            if not tile_images.keep_apart(claim, captured):
                return kept  # the area is gone
            kept, left = kept + 1, left - 1
    return kept
