"""Look for scenes that have come: of providers that do not tell, by a search, a few areas a minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import timedelta

from chalicelib.application.asking import Asking, OneSearch
from chalicelib.application.isolation import Isolation
from chalicelib.application.ports.arrivals import Arrivals
from chalicelib.application.ports.breakers import Breakers
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.cadences import has_news
from chalicelib.domain.errors import ImageryFailed, ProviderUnavailable, Throttled

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
    breakers: Breakers,
    clock: Clock,
    jitter: Jitter,
    has_time: Callable[[], bool],
) -> int:
    """Make the areas due soon over which something has come; return how many were asked for.

    Safe to repeat. An area is noted as asked for just before it is, so that those behind one that fails, or for which
    there is no time, come first in the next tick. A provider that fails is left alone until then, and one in trouble is
    by searches as it is by tiles.
    """
    now, parts = clock(), Isolation()
    asked, failing = 0, set[str]()
    before = {"asked_before": now - EVERY, "looked_before": now - AFTER_LOOK}
    open_until = {name: breakers.of(name).open_until or now for name in providers}
    well = [name for name, until in open_until.items() if until <= now]
    for each in arrivals.waiting(well, **before, now=now, limit=AT_ONCE) if well else ():
        if not has_time():
            break
        if each.provider in failing:
            continue
        asking = Asking(OneSearch(each.provider, breakers.of(each.provider)), breakers, clock, jitter)
        if asking.postponed() is not None:
            failing.add(each.provider)
            continue
        if not arrivals.take(each.area_id, asked_before=now - EVERY, now=now):
            asking.undecided()
            continue
        asked += 1
        with parts.part("look for arrivals", area_id=each.area_id):
            try:
                found = imagery(each.provider).scenes(each.ground, since=now - BACK, until=now)
            except ImageryFailed as failure:
                failing.add(each.provider)
                log.warning("arrivals not known", extra={"provider": each.provider, "reason": failure.reason})
                if isinstance(failure, Throttled) or (asking.is_trial and isinstance(failure, ProviderUnavailable)):
                    asking.failed(failure)
                else:  # what one ground is too much for is nobody else's trouble
                    asking.undecided()
                continue
            asking.answered()
            if each.known is None or has_news(found, each.known):
                arrivals.has_come(each.area_id, now=clock())
                log.info("scene has come", extra={"area_id": each.area_id, "provider": each.provider})
    parts.end()
    return asked
