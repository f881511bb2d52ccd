"""Search several catalogues of one thing: the first one that answers properly and is not behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from chalicelib.adapters.imagery.sentinel2.catalogue import FIRST, Catalogue, Finds
from chalicelib.adapters.imagery.sentinel2.products import Product
from chalicelib.adapters.imagery.sentinel2.silence import silent
from chalicelib.application.events import record
from chalicelib.application.ports.clock import Clock
from chalicelib.domain.diagnostics import Finding, Level, ok
from chalicelib.domain.errors import ImageryFailed, ProviderRefused, ProviderUnavailable, Throttled
from chalicelib.domain.events import CATALOGUE_STALE, Event
from chalicelib.domain.tiles import Bounds

Answer = TypeVar("Answer")
REST = timedelta(minutes=5)  # of a catalogue that did not answer

logger = logging.getLogger(__name__)


class Searched(NamedTuple):
    """What was found, and where; and of which ground nothing newer is known, in all catalogues, with a sentence."""

    finds: Finds
    catalogue: Catalogue
    behind: tuple[tuple[Bounds, str], ...] = ()

    @property
    def newest_at(self) -> datetime:
        """When the newest of what was found was taken."""
        return max((product.item.captured_at for product in self.finds.products), default=FIRST)


class Catalogues:
    """Catalogues in the order in which they are asked; what none of them answers raises ImageryFailed."""

    def __init__(
        self, catalogues: Sequence[Catalogue], *, clock: Clock, stale_after: timedelta, silent_after: timedelta
    ) -> None:
        """Take them. They are behind without anything new of anywhere for so long, or of the ground for so long."""
        self.each, self._clock = tuple(catalogues), clock
        self._stale_after, self._silent_after = stale_after, silent_after
        self._failed_at: dict[Catalogue, datetime] = {}  # the last time that it did not answer

    def first(self, search: Callable[[Catalogue], Finds]) -> Searched:
        """Return what the first one finds that answers."""
        return next(self.in_turn(search))

    def in_turn(self, search: Callable[[Catalogue], Finds]) -> Iterator[Searched]:
        """Yield what each one finds; where nobody stops before the end, and one did not answer, that is raised."""
        return self._answers(lambda catalogue: Searched(search(catalogue), catalogue))

    def others(self, search: Callable[[Catalogue], Finds], *, than: Catalogue) -> Iterator[Searched]:
        """Yield what each other one finds that answers; one that did not a moment ago is not asked."""
        for catalogue in self.each:
            if catalogue is not than and not self._is_resting(catalogue):
                try:
                    yield self._asked(catalogue, lambda catalogue: Searched(search(catalogue), catalogue))
                except (ProviderUnavailable, ProviderRefused):
                    continue

    def newest(self, search: Callable[[Catalogue], Finds], ground: Bounds) -> Searched:
        """Return what the first one finds that answers and is not behind; else the one with the newest, and that."""
        behind: list[Searched] = []

        def searched(catalogue: Catalogue) -> Searched:
            finds = search(catalogue)
            _, says = self._behind(catalogue, finds.products)
            unknown = ((ground, says),) if says else self._silent(catalogue, finds, ground)
            found = Searched(finds, catalogue, unknown)
            if not unknown:
                return found
            behind.append(found)
            raise _Behind(unknown[0][1])

        try:
            return next(self._answers(searched))
        except ImageryFailed:
            if not behind:
                raise
            return max(behind, key=lambda found: found.newest_at)

    def _answers(self, ask: Callable[[Catalogue], Answer]) -> Iterator[Answer]:
        failures: list[ImageryFailed] = []
        for catalogue in sorted(self.each, key=self._is_resting):
            try:
                answer = self._asked(catalogue, ask)
            except (ProviderUnavailable, ProviderRefused) as failure:
                failures.append(failure)
            else:
                yield answer
        if not failures:
            return
        says = "; ".join(dict.fromkeys(failure.reason for failure in failures))
        passing = [failure for failure in failures if isinstance(failure, ProviderUnavailable)]
        if not passing:
            raise ProviderRefused(says)
        waits = [failure.retry_after_s for failure in passing if failure.retry_after_s is not None]
        kind = Throttled if all(isinstance(failure, Throttled) for failure in passing) else ProviderUnavailable
        raise kind(says, retry_after_s=min(waits) if len(waits) == len(passing) else None)

    def _asked(self, catalogue: Catalogue, ask: Callable[[Catalogue], Answer]) -> Answer:
        """Ask one, and remember whether it answers."""
        try:
            answer = ask(catalogue)
        except (ProviderUnavailable, ProviderRefused) as failure:
            about = {"catalogue": catalogue.name, "reason": failure.reason}
            logger.warning("catalogue not used", extra=about)
            if isinstance(failure, ProviderUnavailable) and not isinstance(failure, _Behind):
                self._failed_at[catalogue] = self._clock()
            raise
        self._failed_at.pop(catalogue, None)
        return answer

    def _is_resting(self, catalogue: Catalogue) -> bool:
        """Whether it did not answer a moment ago: then the others are asked before it, who may not be left waiting."""
        failed_at = self._failed_at.get(catalogue)
        return failed_at is not None and self._clock() - failed_at < REST

    def _behind(self, catalogue: Catalogue, products: Sequence[Product]) -> tuple[datetime | None, str | None]:
        """Return when the newest of anywhere was taken, and that it is too old, if it is. That is told to operators."""
        before = self._clock() - self._stale_after
        newest = max((product.item.captured_at for product in products), default=None)
        if newest is None or newest < before:
            newest = catalogue.newest()
        if newest is not None and newest >= before:
            return newest, None
        since = f"has had nothing new of anywhere since {newest:%Y-%m-%d}" if newest else "has nothing of anywhere"
        about = {"provider": "sentinel2", "catalogue": catalogue.name, "newest_at": str(newest)}
        record(Event(CATALOGUE_STALE, about))
        return newest, f"{catalogue.name} {since}: what was taken later is not known"

    def _silent(self, catalogue: Catalogue, finds: Finds, ground: Bounds) -> tuple[tuple[Bounds, str], ...]:
        """Return of which ground it has had nothing for too long, whatever it has of others."""
        since = self._clock() - self._silent_after
        others = (each.bounds for each in finds.refused if each.bounds is not None and each.captured_at >= since)
        says = "though Sentinel-2 passes over it every five days: what was taken later is not known"
        return tuple(
            (part, f"{catalogue.name} has had nothing new of this ground since {newest_at:%Y-%m-%d}, {says}")
            for part, newest_at in silent(ground, finds.products, others=others, since=since)
        )

    def check(self) -> Finding:
        """Report how new each catalogue is."""
        says: list[str] = []
        good = 0
        for catalogue in self.each:
            try:
                newest, behind = self._behind(catalogue, ())
            except ImageryFailed as failure:
                says.append(failure.reason)
                continue
            good += behind is None
            says.append(behind or f"{catalogue.name} answers, its newest scene of anywhere is of {newest:%Y-%m-%d}")
        if good == len(self.each):
            return ok("provider", "sentinel2: " + "; ".join(says))
        remedy = "python -m infra.imagery probe sentinel2 --at LAT,LON shows what fails; the catalogues are settings"
        level = Level.WARN if good else Level.FAIL
        return Finding(level=level, subject="provider", says="sentinel2: " + "; ".join(says), remedy=remedy)


class _Behind(ProviderUnavailable):
    """It answers, and has had nothing new for too long."""
