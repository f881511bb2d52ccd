"""Does a change hold against older pictures of its place? Time is the evidence that one pair does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from chalicelib.application.ports.compare import OlderImage
from chalicelib.domain.changes import Reason
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import View
from chalicelib.vision.evidence import Evidence
from chalicelib.vision.pixels import Floats, Pixels, decode
from chalicelib.vision.regions import Part, area_of, score_of

Look = Callable[[Pixels, Pixels, float], Evidence]

LIKE = -1.0  # typical log-odds of a region's ground in two pictures, at most: they show the same
CALM = -0.5  # the same, at most: an older picture and the reference, where the ground does not change anyway
UNLIKE = 1.25  # the same, at least: against each older picture, for something to be new
SURELY_UNLIKE = 2.5  # where there is but one older picture, or where the newer one is odd itself
ODD_SHARE = 0.05  # of a picture's ground that is like no other picture: more, and it is odd
STILL_THERE = 0.0  # against the picture just before, at most, for something that was doubted there
UNLIKE_AND_HELD = 0.5  # against each picture from before that: two pictures say so
LEAST_WITNESSES = 2  # older pictures, to settle a doubt
LEAST_SEEN = 0.5  # of a region's ground, for a picture to say anything about it
MARKED_DOWN = 0.3  # what is left of the score of a region that does not hold
STRENGTHENED = 0.7  # of the doubt that is left for each older picture it held against
MOST_STRENGTHENED = 3


class Held(NamedTuple):
    """What older pictures say about a region."""

    reason: Reason | None  # None: it holds, or there is nothing to hold it against
    score: float
    older: int  # pictures that show its ground
    held_against: int  # of them, those it is unlike


class History:
    """The older pictures of a place, read when the first region asks; newest first."""

    def __init__(
        self, older: Sequence[OlderImage], *, reference: Pixels, newer: Pixels, view: View, look: Look
    ) -> None:
        self._older, self._reference, self._newer, self._view, self._look = older, reference, newer, view, look

    def hold(self, part: Part, evidence: Evidence) -> Held:
        """Hold a region, a part that changed from the reference to the newer picture, against every older picture.

        One that looks as the place does now means that the reference was odd, if it is the newest, or else that this
        comes back. Where any looks other than the reference, the ground changes anyway. Both that, and what is not
        quite unlike every older picture, can be settled by the next picture. `evidence` is that of the pair itself.
        """
        against = self._odds(self._against_newer, part)
        if not against:
            return Held(None, part.score, 0, 0)
        unlike = [_typical(odds) for odds in against]
        held_against = sum(one > LIKE for one in unlike)
        reason = None
        if held_against < len(unlike):
            reason = Reason.COMES_BACK if unlike[0] > LIKE else Reason.DOES_NOT_HOLD
        elif any(_typical(odds) > CALM for odds in self._odds(self._against_reference, part)):
            reason = Reason.SEASON_LIKE
        elif min(unlike) < (SURELY_UNLIKE if len(unlike) == 1 or self._is_odd(evidence) else UNLIKE):
            reason = Reason.NOT_YET_SURE
        if reason is not None:
            return Held(reason, round(MARKED_DOWN * part.score, 4), len(unlike), held_against)
        doubt = (1 - part.score) * STRENGTHENED ** min(held_against, MOST_STRENGTHENED)
        return Held(None, round(1 - doubt, 4), len(unlike), held_against)

    def confirm(self, part: Part, evidence: Evidence, needed: float) -> Held | None:
        """Say whether something that the comparison of the reference doubted has held: None if it has not.

        It is still there, so the newer picture is like the reference, which showed it first; and both are unlike every
        picture from before that, by a score that is `needed` as of any region.
        """
        now = self._odds([evidence], part)
        if not now or _typical(now[0]) > STILL_THERE:
            return None
        against = self._odds(self._against_newer, part)
        if len(against) < LEAST_WITNESSES or _least(against) < UNLIKE_AND_HELD:
            return None
        before = self._odds(self._against_reference, part)
        if not before or _least(before) < UNLIKE_AND_HELD:
            return None
        scores = [score_of(odds, area_of(part, self._view.gsd_m)) for odds in (*against, *before)]
        score = sum(scores) / len(scores)
        return Held(None, round(score, 4), len(against), len(against)) if score >= needed else None

    def _is_odd(self, evidence: Evidence) -> bool:
        """Say whether the newer picture is like no other one on more of its ground than works mostly take."""
        nearest = np.min([pair.odds for pair in (*self._against_newer, evidence)], axis=0)
        return float((nearest > LIKE).mean()) > ODD_SHARE

    def _odds(self, evidences: Sequence[Evidence], part: Part) -> list[Floats]:
        """Give the log-odds of a region's ground in each pair that shows enough of it, in their order."""
        seen = [(evidence, part.mask & evidence.clear[part.box]) for evidence in evidences]
        enough = LEAST_SEEN * part.mask.sum()
        return [evidence.inside(mask, part.top, part.left) for evidence, mask in seen if mask.sum() >= max(1, enough)]

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


def _typical(odds: Floats) -> float:
    return float(np.median(odds))


def _least(those: Sequence[Floats]) -> float:
    return min(_typical(odds) for odds in those)
