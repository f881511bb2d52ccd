"""Does a change hold against older pictures of its place? Time is the evidence that one pair does not have."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from chalicelib.domain.changes import Reason
from chalicelib.domain.errors import BadImage
from chalicelib.domain.ports import OlderPicture
from chalicelib.domain.tiles import View
from chalicelib.vision.evidence import Evidence
from chalicelib.vision.pixels import Pixels, decode
from chalicelib.vision.regions import Part, area_of, score_of

Look = Callable[[Pixels, Pixels, float], Evidence]

LIKE = 0.1  # score of a region against an older picture, at most: there it looks as it does now
STILL_THERE = 0.5  # the same against the picture just before, for something that was doubted there
LEAST_SEEN = 0.5  # of a region's ground, for a picture to say anything about it
NEWS = 4.0  # log-odds by which older pictures are more unlike the newer one than unlike the reference: then it is new
HELD_NEWS = -1.0  # log-odds of being unlike older pictures, for something that was doubted and is still there
MARKED_DOWN = 0.3  # what is left of the score of a region that does not hold
STRENGTHENED = 0.7  # of the doubt that is left for each older picture it held against
MOST_STRENGTHENED = 3
SUREST = 0.995


class Held(NamedTuple):
    """What older pictures say about a region."""

    reason: Reason | None  # None: it holds, or there is nothing to hold it against
    score: float
    older: int  # pictures that show its ground
    held_against: int  # of them, those it is unlike


class History:
    """The older pictures of a place, read when the first region asks; newest first."""

    def __init__(
        self, older: Sequence[OlderPicture], *, reference: Pixels, newer: Pixels, view: View, look: Look
    ) -> None:
        self._older, self._reference, self._newer, self._view, self._look = older, reference, newer, view, look

    def hold(self, part: Part) -> Held:
        """Hold a region, a part that changed from the reference to the newer picture, against every older picture.

        One that looks as the place does now means that the reference was odd, if it is the newest, or else that this
        comes back. Where older pictures are as unlike the reference as they are unlike the newer one, the ground
        changes anyway: that can be settled by the next picture.
        """
        unlike = self._scores(self._against_newer, part)
        if not unlike:
            return Held(None, part.score, 0, 0)
        held_against = sum(score > LIKE for score in unlike)
        reason = None
        if held_against < len(unlike):
            reason = Reason.COMES_BACK if unlike[0] > LIKE else Reason.DOES_NOT_HOLD
        elif _log_odds(unlike) - _log_odds(self._scores(self._against_reference, part)) < NEWS:
            reason = Reason.SEASON_LIKE
        if reason is not None:
            return Held(reason, round(MARKED_DOWN * part.score, 4), len(unlike), held_against)
        doubt = (1 - part.score) * STRENGTHENED ** min(held_against, MOST_STRENGTHENED)
        return Held(None, round(1 - doubt, 4), len(unlike), held_against)

    def confirm(self, part: Part, evidence: Evidence) -> Held | None:
        """Say whether something that the comparison of the reference doubted has held: None if it has not.

        It is still there, so the reference, which showed it first, is like the newer picture; and it is unlike every
        picture from before that.
        """
        now = self._score(evidence, part)
        if now is None or now > STILL_THERE:
            return None
        unlike = self._scores(self._against_newer, part)
        if not unlike or min(unlike) <= LIKE or _log_odds(unlike) < HELD_NEWS:
            return None
        return Held(None, round(sum(unlike) / len(unlike), 4), len(unlike), len(unlike))

    def _scores(self, evidences: Sequence[Evidence], part: Part) -> list[float]:
        """Give what a region scores in each pair that shows its ground, in their order."""
        return [score for evidence in evidences if (score := self._score(evidence, part)) is not None]

    def _score(self, evidence: Evidence, part: Part) -> float | None:
        if evidence.clear[part.box][part.mask].mean() < LEAST_SEEN:
            return None
        return score_of(evidence.inside(part.mask, part.top, part.left), area_of(part, self._view.gsd_m))

    @cached_property
    def _pictures(self) -> list[Pixels]:
        return list(self._read())

    def _read(self) -> Iterator[Pixels]:
        for picture in self._older:
            content = picture()
            if content is None:
                continue
            try:
                yield decode(content, self._view)[1]
            except BadImage:  # one witness less: with fewer there are more alerts, not fewer
                continue

    @cached_property
    def _against_newer(self) -> list[Evidence]:
        return [self._weigh(picture, self._newer) for picture in self._pictures]

    @cached_property
    def _against_reference(self) -> list[Evidence]:
        return [self._weigh(picture, self._reference) for picture in self._pictures]

    def _weigh(self, older: Pixels, newer: Pixels) -> Evidence:
        return replace(self._look(older, newer, self._view.gsd_m), sight=None)  # large, and not asked for here


def _log_odds(scores: Sequence[float]) -> float:
    """Give the mean of some scores' log-odds, none of them taken for certain."""
    inside = [min(max(score, 1 - SUREST), SUREST) for score in scores]
    return sum(math.log(score / (1 - score)) for score in inside) / max(1, len(inside))
