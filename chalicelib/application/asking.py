"""Asking a provider: it is left alone while it is in trouble, and then asked by one tile, or for one area, first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, Protocol

from chalicelib.application.ports.breakers import Breakers
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.domain.breakers import CLOSED, Breaker
from chalicelib.domain.errors import PictureUnavailable, ProviderUnavailable, Throttled
from chalicelib.domain.retries import TRIAL_S, Retry, after_failure, left_alone_until, retry_after


class Asker(Protocol):
    """Who asks: a claimed tile run, or the search for an area."""

    @property
    def provider(self) -> str:
        """Who is asked."""
        ...

    @property
    def breaker(self) -> Breaker:
        """The provider's, as it was just read."""
        ...

    @property
    def failures(self) -> int:
        """How often in a row the provider gave it no answer."""
        ...

    @property
    def last_reason(self) -> str | None:
        """Why it gave none the last time."""
        ...


class OneSearch(NamedTuple):
    """A search that nobody waits for, and that is not tried again."""

    provider: str
    breaker: Breaker
    failures: int = 0
    last_reason: str | None = None


@dataclass(slots=True)
class Asking:
    """What a claimed tile run, or a search, may ask of its provider, and what the others hear of the answer.

    Without an answer to either - its worker dies - the next tile finds out after `TRIAL_S`.
    """

    claim: Asker
    breakers: Breakers
    clock: Clock
    jitter: Jitter
    is_trial: bool = False  # it alone is let through, to find out whether the provider is well

    def postponed(self) -> Retry | None:
        """Return when to come again, while the provider is left alone; None where it may be asked now."""
        claim, now = self.claim, self.clock()
        until = left_alone_until(claim.breaker, failures=claim.failures)
        if until is None:
            return None
        if until <= now:
            until = now + timedelta(seconds=TRIAL_S)
            self.is_trial = self.breakers.begin_trial(claim.provider, claim.breaker, until=until)
            if self.is_trial:
                return None
            until = left_alone_until(replace(claim.breaker, open_until=until), failures=claim.failures) or until
        return Retry(retry_at=until, reason=claim.last_reason or "the provider is left alone")

    def failed(self, failure: ProviderUnavailable) -> Retry:
        """Record that the provider gave no answer, and return when this tile asks again: after those that did not yet.

        What one tile is asked to wait is its own, and that of all where all are meant. A picture that does not come is
        nobody else's.
        """
        claim, now, failures = self.claim, self.clock(), self.claim.failures + 1
        asked_s = failure.retry_after_s
        retry = retry_after(failures, asked_s=asked_s, reason=failure.reason, now=now, jitter=self.jitter)
        retry = replace(retry, is_failure=True)
        if isinstance(failure, PictureUnavailable):
            self.undecided()
            return retry
        for_all_s = asked_s if isinstance(failure, Throttled) else None
        breaker = after_failure(claim.breaker, failures=claim.failures, asked_s=for_all_s, now=now, jitter=self.jitter)
        if breaker != claim.breaker:
            self.breakers.put(claim.provider, breaker)
        not_sooner = left_alone_until(breaker, failures=failures) or now
        return replace(retry, retry_at=max(retry.retry_at, not_sooner))

    def answered(self) -> None:
        """Record that the provider is well: all go on."""
        if self.claim.breaker.failures:
            self.breakers.put(self.claim.provider, CLOSED)

    def undecided(self) -> None:
        """Record that this tile did not find out: the next one may at once."""
        if self.is_trial:
            self.breakers.put(self.claim.provider, self.claim.breaker)
