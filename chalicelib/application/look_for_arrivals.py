"""Look for scenes that have come: of providers that do not tell, by a search, a few areas a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta

from chalicelib.application.ports.arrivals import Arrivals
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.cadences import has_news
from chalicelib.domain.errors import ImageryFailed

log = logging.getLogger(__name__)

AT_ONCE = 6  # areas a minute, however many there are: each is a search, of one to three requests
EVERY = timedelta(hours=1)  # an area is asked for, at most
AFTER_LOOK = timedelta(hours=12)  # a session searches itself; and what catalogues disagree about is no news each hour
BACK = timedelta(days=30)  # that a scene may come late


def look_for_arrivals(
    *,
    providers: Collection[str],
    arrivals: Arrivals,
    imagery: Callable[[str], Imagery],
    clock: Clock,
    has_time: Callable[[], bool],
) -> int:
    """Make the areas due soon over which something has come; return how many were asked for.

    Safe to repeat. A provider that fails is left alone until the next tick; the area is asked for an hour later.
    """
    now = clock()
    asked, failing = 0, set[str]()
    before = {"asked_before": now - EVERY, "looked_before": now - AFTER_LOOK}
    for each in arrivals.take(providers, **before, now=now, limit=AT_ONCE) if providers else ():
        if not has_time():
            break
        if each.provider in failing:
            continue
        asked += 1
        try:
            found = imagery(each.provider).scenes(each.ground, since=now - BACK, until=now)
        except ImageryFailed as failure:
            failing.add(each.provider)
            log.warning("arrivals not known", extra={"provider": each.provider, "reason": failure.reason})
            continue
        if has_news(found, each.known):
            arrivals.has_come(each.area_id, now=clock())
            log.info("scene has come", extra={"area_id": each.area_id, "provider": each.provider})
    return asked
