"""Capture one tile: search for its session's scenes, choose, fetch, inspect, store the bytes, then the row."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from chalicelib.application.asking import Asking
from chalicelib.application.capture_image import ImageCapture
from chalicelib.application.choose_image import Choice
from chalicelib.application.choose_two_dates import ChoiceOfTwoDates
from chalicelib.application.fetch_seasons import fetch_seasons
from chalicelib.application.ports.breakers import Breakers
from chalicelib.application.ports.captures import Captures
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.inspect import Inspect
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.scene_searches import SceneSearches
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.search_scenes import search_scenes
from chalicelib.application.tile_work import postpone, released_on_failure
from chalicelib.domain.errors import ImageryFailed, Invalid, ProviderUnavailable, Unavailable
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.retries import Retry, given_up, retry_after
from chalicelib.domain.tile_runs import Outcome, Verdict

log = logging.getLogger(__name__)


def capture_tile(
    job: TileJob,
    *,
    runs: TileRuns,
    tile_images: TileImages,
    searches: SceneSearches,
    captures: Captures,
    breakers: Breakers,
    imagery: Callable[[str], Imagery],
    images: Images,
    jobs: Jobs,
    inspect: Inspect,
    clock: Clock,
    jitter: Jitter,
    lease_s: float,
    most_tiles: Callable[[int], int],
) -> None:
    """Capture one tile: `Choice` goes down the list, `after_capture` and `after_nothing_new` say what follows.

    Safe to repeat: a run is claimed before the work, and only the latest claim's holder can record or end it. Bytes
    first: a crash between the two leaves an orphan object, which reconcile deletes, never a row without its object.
    Then a few images of the same season of earlier years are fetched, where the provider has some.
    """
    begun = clock()
    claim = runs.claim_capture(job, now=begun, lease_s=lease_s)
    if claim is None:
        return
    until = begun + timedelta(seconds=lease_s)
    with released_on_failure(runs, claim):
        gave_up = given_up(claim.attempts, claim.last_reason)
        if gave_up is not None:
            jobs.send(runs.end(claim, gave_up, now=clock()))
            return
        asking = Asking(claim, breakers, clock, jitter)
        later = asking.postponed()
        if later is not None:
            jobs.send(postpone(claim, later, runs=runs, clock=clock))
            return
        try:
            provider = imagery(claim.provider)
            found = search_scenes(
                claim,
                provider,
                searches=searches,
                clock=clock,
                jitter=jitter,
                until=until,
                most_tiles=most_tiles,
            )
            if isinstance(found, Retry):
                asking.undecided()
                jobs.send(postpone(claim, found, runs=runs, clock=clock))
                return
            capture = ImageCapture(
                claim=claim,
                provider=provider,
                captures=captures,
                images=images,
                inspect=inspect,
                clock=clock,
                until=until,
            )
            choose = (
                partial(Choice, images=images) if claim.dates is None else partial(ChoiceOfTwoDates, dates=claim.dates)
            )
            choice = choose(
                claim=claim,
                found=found,
                capture=capture,
                runs=runs,
                tile_images=tile_images,
                clock=clock,
                jitter=jitter,
            )
            messages = choice.record()
        except ProviderUnavailable as failure:
            messages = postpone(claim, asking.failed(failure), runs=runs, clock=clock)
        except Unavailable as failure:  # the image store is away, or full
            asking.undecided()
            retry = retry_after(claim.waits + 1, asked_s=None, reason=failure.reason, now=clock(), jitter=jitter)
            messages = postpone(claim, retry, runs=runs, clock=clock)
        except (ImageryFailed, Invalid) as failure:  # Invalid: the area's provider is not set up here any more
            asking.undecided()
            log.warning("tile not captured", extra={"tile": str(claim.view.tile), "reason": failure.reason})
            failed = Outcome(verdict=Verdict.FAILED, reason=failure.reason, failed_provider=claim.provider)
            messages = runs.end(claim, failed, now=clock())
        else:
            was_asked = claim.found is None or capture.fetched
            if was_asked:
                asking.answered()
            else:
                asking.undecided()
            jobs.send(messages)  # the look is recorded, and its comparison on its way: nothing waits for what follows
            fetch_seasons(capture, tile_images=tile_images, clock=clock)
            return
        jobs.send(messages)
