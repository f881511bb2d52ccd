"""What is known of a changed region whatever its area alerts on, and the one rule that makes a judgement of it.

The detector asks the rule while it compares. A dry run asks it again of what was kept, with other settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chalicelib.domain.changes import Reason
from chalicelib.domain.kinds import Kind, is_surely_unwanted
from chalicelib.domain.thresholds import Thresholds

MIN_SCORE_ALONE = 0.55  # what a region must score at normal sensitivity where no older image can say whether it holds
_KINDS = tuple(Kind)


class Persistence(NamedTuple):
    """What older images say of one region."""

    reason: Reason | None  # None: it persists, or there is nothing to test it against
    score: float
    older: int  # images that show its ground
    held_against: int  # those of them that it is unlike


class NotKnownError(Exception):
    """What a judgement depends on was not looked at when the images were compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one comparison knows of a region, before anybody's settings."""

    m2: float
    least_score: float  # that it must have at normal sensitivity
    pair_scores: tuple[float, float]  # the lowest and the highest of what it was made of, by the pair alone
    is_examined: bool = True  # False: its score was too low for anybody to look any further
    confounder: Reason | None = None  # what in the pair speaks against it
    score: float = 0.0  # what the confounder leaves of its score
    chances: Mapping[Kind, float] = field(default_factory=dict)  # of each kind; empty: no kind is sure to be unwanted
    held: Persistence | None = None  # None: older images were not asked
    is_confirmed: bool = False  # by the image after the one that showed it first

    def kept(self) -> tuple[Any, ...]:
        """Return it as it is kept: without names, since there is one for each region."""
        held = self.held and [self.held.reason, self.held.score, self.held.older, self.held.held_against]
        chances = [round(self.chances.get(kind, 0.0), 6) for kind in _KINDS] if self.chances else []
        flags = (self.is_examined, self.is_confirmed)
        return self.m2, self.least_score, *self.pair_scores, *flags, self.confounder, self.score, chances, held

    @classmethod
    def of(cls, kept: Sequence[Any]) -> Evidence:
        """Read what `kept` returned."""
        m2, least, lowest, highest, is_examined, is_confirmed, confounder, score, chances, held = kept
        return cls(
            m2=m2,
            least_score=least,
            pair_scores=(lowest, highest),
            is_examined=is_examined,
            confounder=confounder and Reason(confounder),
            score=score,
            chances=dict(zip(_KINDS, chances, strict=False)),
            held=held and Persistence(held[0] and Reason(held[0]), *held[1:]),
            is_confirmed=is_confirmed,
        )


def judge_region(evidence: Evidence, thresholds: Thresholds, *, hold: Callable[[], Persistence]) -> Persistence:
    """Judge a region: what in the pair speaks against it, then its size and its kind, then what older images say.

    `hold` asks the older images: that is expensive, so it comes last. A region that is too small has no reason: it
    counts among what was seen, and `Thresholds` tells it from an alert.
    """
    least = thresholds.score_shift + evidence.least_score
    if evidence.confounder is not None and evidence.score < least:
        return Persistence(evidence.confounder, evidence.score, 0, 0)
    if evidence.m2 < thresholds.min_changed_area_m2:
        return Persistence(None, evidence.score, 0, 0)
    if is_surely_unwanted(evidence.chances, thresholds.alert_kinds):
        return Persistence(Reason.KIND_NOT_ASKED_FOR, evidence.score, 0, 0)
    result = hold()
    if not result.older and evidence.score < max(least, MIN_SCORE_ALONE + thresholds.score_shift):
        return result._replace(reason=result.reason or Reason.NOT_YET_SURE)
    return result


def judge_again(evidence: Evidence, thresholds: Thresholds) -> Reason | None:
    """Judge a region by other settings than it was judged by. Raises NotKnownError where that cannot be told."""
    least, (lowest, highest) = thresholds.score_shift + evidence.least_score, evidence.pair_scores
    if highest < least:
        return Reason.BELOW_SCORE
    if evidence.m2 < thresholds.min_changed_area_m2:
        return Reason.BELOW_SIZE
    if lowest < least or not evidence.is_examined:  # some of it would go, or what rules it out was not looked at
        raise NotKnownError
    if evidence.is_confirmed:
        is_unwanted = is_surely_unwanted(evidence.chances, thresholds.alert_kinds)
        return Reason.KIND_NOT_ASKED_FOR if is_unwanted else evidence.confounder
    return judge_region(evidence, thresholds, hold=lambda: _kept(evidence)).reason


def _kept(evidence: Evidence) -> Persistence:
    if evidence.held is None:
        raise NotKnownError
    return evidence.held
