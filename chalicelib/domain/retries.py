"""Retries: what is transient is tried again until the session's deadline; what gives no answer is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.breakers import Breaker
from chalicelib.domain.tile_runs import Outcome, Verdict

MAX_ATTEMPTS = 5  # of work that gives no answer: it raised, hung, or took its process with it
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 900.0
SOON_S = 1.0
BREAKER_FAILURES = 5  # of so many tiles of one provider in a row: from then on none is tried for a while
TRIAL_S = 10.0  # that a tile has to find out whether a provider is well again, before the next one may
HEAD_START_S = 90.0  # of tiles that did not fail yet: a minute later reconcile sends what waits, and all come at once
LONGEST_FOR_ALL_S = 300.0  # of what one tile was asked to wait: then one of all of them asks again
LONGEST_ASKED_S = 3600.0  # of a Retry-After: beyond that we ask again all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The decision to try again: not before then, because of that."""

    retry_at: datetime
    reason: str
    is_failure: bool = False  # of this tile, at its provider


def wait_s(failures: int) -> float:
    """Return the longest wait in seconds after so many failures in a row: doubled each time, at most 15 minutes.

    >>> [wait_s(failures) for failures in (1, 2, 3, 20)]
    [5.0, 10.0, 20.0, 900.0]
    """
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 10))


def retry_after(
    failures: int, *, asked_s: float | None, reason: str, now: datetime, jitter: Callable[[float], float]
) -> Retry:
    """Decide when to try again after so many transient failures: with jitter, and no sooner than was asked for.

    The jitter spreads over the upper half of the wait, so that a crowd that failed together does not come back together
    and nobody comes back at once.
    """
    longest_s = wait_s(max(1, failures))
    drawn_s = longest_s / 2 + jitter(longest_s / 2)
    asked_s = min(asked_s or 0.0, LONGEST_ASKED_S)
    return Retry(retry_at=now + timedelta(seconds=max(drawn_s, asked_s + jitter(asked_s / 10))), reason=reason)


def soon(reason: str, *, now: datetime, jitter: Callable[[float], float]) -> Retry:
    """Decide to try again in a second or two: another worker is about to have what this one needs."""
    return Retry(retry_at=now + timedelta(seconds=SOON_S + jitter(SOON_S)), reason=reason)


def after_failure(
    breaker: Breaker, *, failures: int, asked_s: float | None, now: datetime, jitter: Callable[[float], float]
) -> Breaker:
    """Return a provider's breaker after one more transient failure: open, for all its tiles, after those of several.

    `failures` are the tile's own before this one: a tile counts once, or one that always fails would hold up all. It
    counts again where it was let through to find out whether the provider is well. `asked_s` is what all were asked to.
    """
    is_trial = breaker.open_until is not None
    count = breaker.failures + (is_trial or not failures)
    if count < BREAKER_FAILURES and not asked_s and not is_trial:
        return Breaker(failures=count)
    asked_s = min(asked_s or 0.0, LONGEST_FOR_ALL_S)
    retry = retry_after(count - BREAKER_FAILURES + 1, asked_s=asked_s, reason="", now=now, jitter=jitter)
    return Breaker(failures=max(1, count), open_until=retry.retry_at)


def left_alone_until(breaker: Breaker, *, failures: int) -> datetime | None:
    """Return until when a tile leaves its provider alone that failed so often; None if nothing is wrong with it.

    What did not fail yet comes first: what fails again and again may be what is wrong, and not the provider.
    """
    if breaker.open_until is None or not failures:
        return breaker.open_until
    return breaker.open_until + timedelta(seconds=FIRST_WAIT_S if failures == 1 else HEAD_START_S)


def given_up(attempts: int, last_reason: str | None) -> Outcome | None:
    """Return how a tile run ends whose work was begun too often without an answer; None while it may be tried.

    >>> given_up(5, None) is None, given_up(6, "ValueError: x").reason
    (True, 'given up after 5 tries without an answer: ValueError: x')
    """
    if attempts <= MAX_ATTEMPTS:
        return None
    why = last_reason or "its worker crashed, hung or ran out of memory each time"
    return Outcome(verdict=Verdict.FAILED, reason=f"given up after {MAX_ATTEMPTS} tries without an answer: {why}")
