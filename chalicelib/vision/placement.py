"""Placement: lay an image where its reference's ground is, or say that it does not fit.

Pixels that fit stay as they are. Where the two disagree, an older image of the place decides which one is odd.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from chalicelib.domain.errors import DoesNotFit
from chalicelib.vision.change_map import ChangeMap, map_change, nothing_known
from chalicelib.vision.ground_match import GroundMatch, match_ground
from chalicelib.vision.pixels import Mask, Pixels
from chalicelib.vision.similarity import IDENTITY, Similarity


def placed(
    reference: Pixels,
    newer: Pixels,
    gsd_m: float,
    older: Iterable[Pixels] = (),
    refused: Iterable[tuple[int, Pixels]] = (),
) -> tuple[Pixels, Pixels]:
    """Return a reference and a newer image on one grid, that of the image which lies right.

    `older` are images from before both: the first that fits one of the two decides which one is odd. Where none does,
    one of `refused`, numbered images from between the two that did not fit the reference either, outvotes it together
    with the newer one; else the newer one is odd. What the odd one does not reach is not valid, nor is a part of one
    that lies elsewhere than the rest. Raises DoesNotFit, which says which one it is.
    """
    match = match_ground(reference, newer, gsd_m)
    if match.is_in_place:
        return _without(match.part, reference), _without(match.part, newer)
    is_odd = _is_reference_odd(reference, newer, gsd_m, older)
    if match.misfit is not None:
        witness = _outvoting(reference, newer, gsd_m, refused) if is_odd is None else None
        raise DoesNotFit(match.misfit.reason, is_reference=bool(is_odd) or witness is not None, witness=witness)
    if is_odd:
        back = match_ground(newer, reference, gsd_m)
        if back.misfit is None:
            reference = _laid(reference, back.similarity)
        return _without(back.part, reference), _without(back.part, newer)
    return _without(match.part, reference), _without(match.part, _laid(newer, match.similarity))


def map_placed(older: Pixels, newer: Pixels, gsd_m: float) -> ChangeMap:
    """Map the change from an older image, laid where the newer one's ground is; of one that does not fit, nothing."""
    match = match_ground(newer, older, gsd_m)
    if match.misfit is not None:
        return nothing_known(newer, gsd_m)
    return map_change(_without(match.part, _laid(older, match.similarity)), _without(match.part, newer), gsd_m)


def _is_reference_odd(reference: Pixels, newer: Pixels, gsd_m: float, older: Iterable[Pixels]) -> bool | None:
    """Ask the older images; None if none of them can say."""
    for image in older:
        of_reference, of_newer = (match_ground(image, each, gsd_m) for each in (reference, newer))
        if _is_in_place(of_reference) or _is_in_place(of_newer):
            return _is_in_place(of_newer) and not _is_in_place(of_reference)
    return None


def _outvoting(reference: Pixels, newer: Pixels, gsd_m: float, refused: Iterable[tuple[int, Pixels]]) -> int | None:
    """Return the number of a refused image that lies where the newer one does, and not where the reference does."""
    for number, image in refused:
        if _is_in_place(match_ground(image, newer, gsd_m)) and not _is_in_place(match_ground(reference, image, gsd_m)):
            return number
    return None


def _is_in_place(match: GroundMatch) -> bool:
    return match.is_in_place and match.is_sure


def _without(part: Mask | None, image: Pixels) -> Pixels:
    return image if part is None else Pixels(image.bgr, image.valid & ~part)


def _laid(image: Pixels, by: Similarity) -> Pixels:
    """Lay an image on another one's grid. What it does not reach is not valid."""
    if by == IDENTITY:
        return image
    height, width = image.valid.shape
    matrix, size = by.matrix(height, width), (width, height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    bgr = cv2.warpAffine(image.bgr, matrix, size, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    ground = image.valid.astype(np.float32)
    reached: Mask = cv2.warpAffine(ground, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT) > 0.999
    return Pixels(np.asarray(bgr, np.uint8), reached)
