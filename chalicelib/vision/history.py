"""Does a change hold against older pictures of its place? Time is the evidence that one pair does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from chalicelib.domain.changes import Reason
from chalicelib.domain.errors import BadImage
from chalicelib.domain.ports import OlderPicture
from chalicelib.domain.tiles import View
from chalicelib.vision.evidence import Evidence
from chalicelib.vision.pixels import Pixels, decode
from chalicelib.vision.regions import Part, score_of

Look = Callable[[Pixels, Pixels, float], Evidence]

LIKE = 0.3  # score of a region against an older picture, at most: there it looks as it does now
LEAST_SEEN = 0.5  # of a region's ground, for a picture to say anything about it
AS_MUCH = 0.9  # of how unlike the newer picture is: so unlike each other were older ones at most
RESTLESS = 2  # steps between older pictures with so much change: once is something that was built, twice is a field
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
        self, older: Sequence[OlderPicture], *, reference: Pixels, newer: Pixels, view: View, look: Look
    ) -> None:
        self._older, self._reference, self._newer, self._view, self._look = older, reference, newer, view, look

    def hold(self, part: Part) -> Held:
        """Hold a region, a part that changed from the reference to the newer picture, against every older picture.

        It must be unlike all of them: one that looks alike means that the reference was odd, or that this comes back.
        Where the place was as restless before, being unlike says nothing.
        """
        scores = [self._score(evidence, part) for evidence in self._against_newer]
        unlike = [score for score in scores if score is not None]
        held_against = sum(score > LIKE for score in unlike)
        if not unlike:
            return Held(None, part.score, 0, 0)
        reason = None
        if held_against < len(unlike):
            newest = next(score for score in scores if score is not None)
            reason = Reason.DOES_NOT_HOLD if newest <= LIKE else Reason.COMES_BACK
        elif self._is_restless(part, min([part.score, *unlike])):
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
        if now is None or now > LIKE:
            return None
        unlike = [score for each in self._against_newer if (score := self._score(each, part)) is not None]
        if not unlike or min(unlike) <= LIKE:
            return None
        return Held(None, min(unlike), len(unlike), len(unlike))

    def _is_restless(self, part: Part, unlike: float) -> bool:
        steps = [score for evidence in self._steps if (score := self._score(evidence, part)) is not None]
        return sum(score >= AS_MUCH * unlike for score in steps) >= RESTLESS

    def _score(self, evidence: Evidence, part: Part) -> float | None:
        if evidence.clear[part.box][part.mask].mean() < LEAST_SEEN:
            return None
        return score_of(part.mask, evidence.probability[part.box], self._view.gsd_m)

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
    def _steps(self) -> list[Evidence]:
        """Weigh each older picture against the one before it, from the reference backwards."""
        line = [self._reference, *self._pictures]
        return [self._weigh(older, newer) for newer, older in pairwise(line)]

    def _weigh(self, older: Pixels, newer: Pixels) -> Evidence:
        return self._look(older, newer, self._view.gsd_m)._replace(shade=None)  # large, and not asked for here
