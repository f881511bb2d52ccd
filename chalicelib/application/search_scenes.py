"""Search for a session's scenes: once, by whoever comes first."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.scene_searches import SceneSearches
from chalicelib.domain.retries import Retry
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, SINCE, Found, kept_of
from chalicelib.domain.tile_runs import CaptureClaim

SOON_S = 1.0


def search_scenes(
    claim: CaptureClaim,
    provider: Imagery,
    *,
    searches: SceneSearches,
    clock: Clock,
    jitter: Jitter,
    lease_s: float,
) -> Found | Retry:
    """Return what the session of a tile run has found; or when to ask again, while another worker searches.

    Raises ImageryFailed: then the next tile run searches.
    """
    if claim.found is not None:
        return claim.found
    now = clock()
    if not searches.begin(claim.session_id, now=now, lease_s=lease_s):
        soon = now + timedelta(seconds=SOON_S + jitter(SOON_S))
        return Retry(retry_at=soon, reason="another tile run searches for the session's scenes")
    try:
        # What is dated later would be the newest for good, and hide all that follow.
        found = kept_of(provider.scenes(claim.area, since=SINCE, until=now + CLOCKS_MAY_DIFFER))
    except Exception:
        searches.give_up(claim.session_id)
        raise
    searches.keep(claim.session_id, found)
    return found
