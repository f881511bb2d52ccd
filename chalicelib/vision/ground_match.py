"""The gate's question to a pair: is it the same ground, the right way up, and where does it lie?

A hypothesis is believed where the edges of the two images agree better than without it, and clearly better than at all
other displacements, which say what chance is worth on this ground. Where neither this nor its contrary can be told
(water, sand, ground that was built over as a whole), nothing is moved and nothing refused.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.domain.misfits import Misfit, MisfitKind
from chalicelib.vision.coarse_image import CoarseImage, coarse_image
from chalicelib.vision.land_kind import ONE_KIND_AT_MOST, ONE_LIGHT_AT_MOST, difference, has_structure
from chalicelib.vision.misplaced_parts import misplaced_part
from chalicelib.vision.orientation_correlation import (
    Peak,
    correlation,
    highest_peak,
    score_near,
)
from chalicelib.vision.pixels import Floats, Mask, Pixels
from chalicelib.vision.similarity import IDENTITY, Similarity, agreeing_blocks, block_similarity, has_blocks

MAX_SHIFT_M = 33.0  # what is said to be corrected, 30 m, and the error of the estimate
_MAX_SHIFT_PX = 2.0  # of coarse imagery, whose pixels are larger than that
_SEARCH_PX = 128  # and to this, where many turns are tried
_MIN_SIDE_PX = 48
_SAME_SCORE = 5.0  # at its own place an image needs less to be believed
_SURE_SCORE, _SURE_LEAD = 6.0, 1.5  # than anywhere else
_FEW_BLOCKS = 4  # of 25 that say one shift: two places have as many
_SOME_BLOCKS = 8  # too few for ground that nobody touched
_ROUNDS = 4  # of refinement, at most
_NEAR_PX = 3.0  # of its own place
_LIKELY_LEAD = 1.2  # within reach, where chance seldom leads
_STRIP_LEAD = 3.0  # where there are no blocks to confirm it: wrong ones on strips of 105 real pairs come to 2.7
_CLEARLY = 1.5  # times the score: how much better the wrong way up must fit
_GAIN = 1.1  # times the score: a correction that explains no more is not made
_STILL_PX = 2.5  # of the working scale: nearer, and turned by less at the corners, is left to the pair's registration
_TURNS_DEG = (-3.0, -1.5, 0.0, 1.5, 3.0)
_STRETCHES = (-0.02, 0.0, 0.02)
_PART_SHIFT_M = 15.0  # nearer, the pair's registration bends a part straight, or it is the lean of old aerial images
_MIN_SEEN_SHARE = 0.75  # of an image, for "another place" to be said

_WRONG_WAYS: dict[MisfitKind, tuple[Callable[[Floats], Floats], ...]] = {
    MisfitKind.UPSIDE_DOWN: (lambda a: a[::-1, ::-1],),
    MisfitKind.MIRRORED: (lambda a: a[:, ::-1], lambda a: a[::-1], np.transpose, lambda a: a[::-1, ::-1].T),
    MisfitKind.QUARTER_TURN: (lambda a: a[::-1].T, lambda a: a.T[::-1]),
}


class GroundMatch(NamedTuple):
    """Where an image's ground lies on its reference's; of one that does not fit, why."""

    similarity: Similarity = IDENTITY  # in pixels of the images; IDENTITY: the pixels stay as they are
    misfit: Misfit | None = None
    is_sure: bool = False  # the edges say so; False: they say nothing
    part: Mask | None = None  # of the reference's pixels: there one of the two shows ground that lies elsewhere

    @property
    def is_in_place(self) -> bool:
        """Whether the pixels stay as they are."""
        return self.misfit is None and self.similarity == IDENTITY


def match_ground(reference: Pixels, newer: Pixels, gsd_m: float) -> GroundMatch:
    """Find where the ground of an image lies on that of its reference, which is as large; `gsd_m` is a pixel."""
    box = _seen_by_both(reference, newer)
    if box is None:
        return GroundMatch()
    one, two = (coarse_image(Pixels(image.bgr[box], image.valid[box])) for image in (reference, newer))
    if min(one.grey.shape) < _MIN_SIDE_PX:
        return GroundMatch()
    scale = max(box[0].stop - box[0].start, box[1].stop - box[1].start) / max(one.grey.shape)
    question = _Question(one, two, scale, gsd_m)
    found = question.answer()
    height, width = reference.valid.shape
    if found.misfit is None and (part := question.misplaced_part(found.similarity)) is not None:
        whole = np.zeros((height, width), np.uint8)
        whole[box] = cv2.resize(part.astype(np.uint8), whole[box].shape[::-1], interpolation=cv2.INTER_NEAREST)
        found = found._replace(part=whole > 0)
    off = complex(box[1].start + box[1].stop - width, box[0].start + box[0].stop - height) / 2
    factor, shift = found.similarity
    return found._replace(similarity=Similarity(factor, shift + off - factor * off))


class _Question:
    """One pair, reduced `scale` times from pixels of `gsd_m`."""

    def __init__(self, one: CoarseImage, two: CoarseImage, scale: float, gsd_m: float) -> None:
        self.one, self.two, self.scale, self.gsd_m = one, two, scale, gsd_m
        self.coarse_gsd_m = scale * gsd_m
        self.reach_px = max(MAX_SHIFT_M, _MAX_SHIFT_PX * gsd_m) / self.coarse_gsd_m
        self.still_px = _STILL_PX * max(1.0, gsd_m) / self.coarse_gsd_m
        self.field = one.field

    def answer(self) -> GroundMatch:
        other = self.two.field
        surface = correlation(self.field, other)
        peak = highest_peak(surface)
        is_here = abs(peak.displacement) <= max(_NEAR_PX, self.still_px) and peak.score >= _SAME_SCORE
        if is_here and peak.lead >= _SURE_LEAD:
            return self._refined(IDENTITY, other, peak.score)
        negative = highest_peak(-surface)
        is_negative = _is_sure(negative) and abs(negative.displacement) <= max(_NEAR_PX, self.still_px)
        if is_negative and negative.score >= _CLEARLY * peak.score and self._is_confirmed(self.two, negative, -1):
            return self._misfit(MisfitKind.NEGATIVE)
        wrong, kind, turned = self._best_wrong_way()
        is_wrong = _is_sure(wrong) and self._is_confirmed(turned, wrong)
        if is_wrong and wrong.score >= _CLEARLY * peak.score:
            return self._misfit(kind)
        found = self._found(surface, peak, other, is_here=is_here)
        if found is not None:
            return found
        return self._misfit(kind) if is_wrong else self._another_place(other, ONE_KIND_AT_MOST, _FEW_BLOCKS)

    def misplaced_part(self, similarity: Similarity) -> Mask | None:
        """Return the part of the two, laid on each other, of which one lies elsewhere."""
        two = self.two if similarity == IDENTITY else self.two.laid_back(similarity.scaled(1 / self.scale))
        usable = [image.usable for image in (self.one, two) if image.usable is not None]
        seen = np.asarray(np.logical_and.reduce(usable)) if usable else None
        return misplaced_part(self.field, two.field, seen, _PART_SHIFT_M / self.coarse_gsd_m)

    def _found(self, surface: Floats, peak: Peak, other: Floats, *, is_here: bool) -> GroundMatch | None:
        """Look for the ground where it may be and where it may not; None if it is nowhere."""
        if is_here and peak.score >= _SURE_SCORE:
            return self._refined(IDENTITY, other, peak.score)
        is_within_reach = abs(peak.displacement) <= self.reach_px
        if is_within_reach and peak.score >= _SURE_SCORE and peak.lead >= _LIKELY_LEAD:
            return self._refined(Similarity(1 + 0j, peak.displacement), other, score_near(surface, 0j, _NEAR_PX))
        found = self._searched()
        if found is None and _is_sure(peak) and self._is_confirmed(self.two, peak):
            return self._misfit(MisfitKind.SHIFTED, peak.displacement)
        return found

    def _refined(self, start: Similarity, other: Floats, score: float) -> GroundMatch:
        """Correct what the blocks agree on, if it is worth it and the edges then agree better than with `score`."""
        known, best, needed = start, IDENTITY, _GAIN * score
        for _ in range(_ROUNDS):
            moved = other if known == IDENTITY else self.two.laid_back(known).field
            step = block_similarity(self.field, moved)
            if step is None:  # one road alone may lead anywhere along it
                if not has_blocks(self.field):
                    return self._by_its_peak(start, moved, needed)
                if known == IDENTITY:  # in one season and light, ground that nobody touched would agree
                    return self._another_place(moved, ONE_LIGHT_AT_MOST, _SOME_BLOCKS, is_sure=True)
                break
            if known != IDENTITY:
                peak = highest_peak(correlation(self.field, moved))
                if peak.score >= needed and abs(peak.displacement) <= _NEAR_PX:
                    best, needed = known, peak.score
            elif self._is_still(step):
                break
            known = step.then(known)
        if best == IDENTITY:
            return GroundMatch(is_sure=start == IDENTITY)
        if abs(best.shift) > self.reach_px:
            return self._misfit(MisfitKind.SHIFTED, best.shift)
        return GroundMatch(best.scaled(self.scale), is_sure=True)

    def _by_its_peak(self, start: Similarity, moved: Floats, needed: float) -> GroundMatch:
        """Correct a strip of ground, too narrow for blocks, by a shift that nothing else comes near."""
        peak = highest_peak(correlation(self.field, moved))
        is_there = peak.lead >= _STRIP_LEAD and abs(peak.displacement) <= _NEAR_PX
        is_a_shift = start.factor == 1 and 0 < abs(start.shift) <= self.reach_px
        if not (is_a_shift and is_there and peak.score >= needed):
            return GroundMatch(is_sure=start == IDENTITY)
        return GroundMatch(start.scaled(self.scale), is_sure=True)

    def _is_still(self, step: Similarity) -> bool:
        return abs(step.shift) <= self.still_px and step.moves(*self.one.grey.shape) <= self.still_px

    def _searched(self) -> GroundMatch | None:
        """Try turns and stretches at once with all displacements."""
        one, two = self.one.reduced(_SEARCH_PX), self.two.reduced(_SEARCH_PX)
        field, ratio = one.field, max(self.one.grey.shape) / max(one.grey.shape)
        best: tuple[Peak, Similarity] | None = None
        for turn in _TURNS_DEG:
            for stretch in _STRETCHES:
                tried = Similarity((1 + stretch) * cmath.exp(1j * math.radians(turn)), 0j)
                peak = highest_peak(correlation(field, two.laid_back(tried).field))
                if best is None or peak.score > best[0].score:
                    best = peak, tried
        if best is None or not _is_sure(best[0]):
            return None
        peak, tried = best
        start = Similarity(1 + 0j, peak.displacement).then(tried).scaled(ratio)
        found = self._refined(start, self.field, 0.0)
        return found if found.is_sure or found.misfit else None

    def _best_wrong_way(self) -> tuple[Peak, MisfitKind, CoarseImage]:
        """Try the image mirrored and turned by quarters, at once with all displacements; return the best."""
        one, found = self.one.reduced(_SEARCH_PX), []
        ratio = max(self.one.grey.shape) / max(one.grey.shape)
        for kind, ways in _WRONG_WAYS.items():
            for way in ways:
                turned = self.two.turned(way)
                if turned.grey.shape == self.one.grey.shape:
                    peak = highest_peak(correlation(one.field, turned.reduced(_SEARCH_PX).field))
                    found.append((peak._replace(x=ratio * peak.x, y=ratio * peak.y), kind, turned))
        return max(found, key=lambda each: each[0].score)

    def _is_confirmed(self, image: CoarseImage, peak: Peak, sign: int = 1) -> bool:
        """Do several parts of the ground say so, not a road or two alone?"""
        if not has_blocks(self.field):
            return peak.lead >= _STRIP_LEAD
        laid = image.laid_back(Similarity(1 + 0j, peak.displacement))
        return agreeing_blocks(self.field, sign * laid.field) > _FEW_BLOCKS

    def _another_place(
        self, other: Floats, difference_at_most: float, blocks_at_most: int, *, is_sure: bool = False
    ) -> GroundMatch:
        """Is it so much one kind of land, with what lasts on it, and yet hardly any of it where it should be?"""
        both = (self.one, self.two)
        if (
            not has_blocks(self.field)
            or min(each.seen_share for each in both) < _MIN_SEEN_SHARE
            or difference(self.one.bgr, self.two.bgr) > difference_at_most
            or not all(has_structure(each.bgr) for each in both)
            or agreeing_blocks(self.field, other) > blocks_at_most
        ):
            return GroundMatch(is_sure=is_sure)
        return self._misfit(MisfitKind.ANOTHER_PLACE)

    def _misfit(self, kind: MisfitKind, displacement: complex = 0j) -> GroundMatch:
        metres = displacement * self.coarse_gsd_m
        return GroundMatch(misfit=Misfit(kind, east_m=metres.real, north_m=-metres.imag), is_sure=True)


def _seen_by_both(one: Pixels, two: Pixels) -> tuple[slice, slice] | None:
    """Return the rows and columns outside of which one of two images has no data at all."""
    valid = one.valid & two.valid
    if valid.all():
        return slice(0, valid.shape[0]), slice(0, valid.shape[1])
    left, top, width, height = cv2.boundingRect(valid.astype(np.uint8))
    return (slice(top, top + height), slice(left, left + width)) if width and height else None


def _is_sure(peak: Peak) -> bool:
    return peak.score >= _SURE_SCORE and peak.lead >= _SURE_LEAD
