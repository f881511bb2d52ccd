"""Search for a session's scenes: once, by whoever comes first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.scene_searches import SceneSearches
from chalicelib.domain.errors import ImageryFailed
from chalicelib.domain.retries import Retry, soon
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, SINCE, Found, Grid, kept_of
from chalicelib.domain.tile_runs import CaptureClaim
from chalicelib.domain.tiles import count_covering

log = logging.getLogger(__name__)


def search_scenes(
    claim: CaptureClaim,
    provider: Imagery,
    *,
    searches: SceneSearches,
    clock: Clock,
    jitter: Jitter,
    until: datetime,
    most_tiles: Callable[[int], int],
) -> Found | Retry:
    """Return what the session of a tile run has found; or when to ask again, while another worker searches.

    `until` is when the claim ends, and with it the hold on the search.

    Where the imagery has become finer, the area's grid moves: to one of `most_tiles` of an area at most.

    Raises ImageryFailed: then the next tile run searches.
    """
    if claim.found is not None:
        return claim.found
    now = clock()
    if not searches.begin(claim.session_id, now=now, until=until):
        return soon("another tile run searches for the session's scenes", now=now, jitter=jitter)
    try:
        # What is dated later would be the newest for good, and hide all that follow.
        ground = claim.view.reach(claim.area)
        not_later = now + CLOCKS_MAY_DIFFER
        found = provider.scenes(ground, since=SINCE, until=not_later)
        if claim.compare_since is not None:
            found = found.with_older(provider.around(ground, claim.compare_since, until=not_later))
        found = kept_of(found)
        finer = _finer_grid(claim, provider, most_tiles)
    except Exception:
        searches.give_up(claim.session_id)
        raise
    searches.keep(claim.session_id, found, finer=finer)
    if finer is not None:
        moved = {"area_id": claim.area_id, "zoom": finer.zoom, "before": claim.view.tile.z}
        log.info("area grid moved", extra=moved)
    return found


def _finer_grid(claim: CaptureClaim, provider: Imagery, most_tiles: Callable[[int], int]) -> Grid | None:
    """Return the grid that the area moves to, where there is finer imagery than when it was drawn; None if not.

    This session ends on the old grid, so that what changed until now is told; the next one begins a new baseline.
    """
    try:
        grid = provider.grid(claim.area)
    except ImageryFailed:
        return None
    is_finer = grid.zoom > claim.view.tile.z
    if claim.watched is not None:
        fits = grid.zoom <= claim.watched.finest_zoom
    else:
        fits = is_finer and count_covering(claim.area, grid.zoom) <= most_tiles(claim.area_id)
    return grid if is_finer and fits else None
