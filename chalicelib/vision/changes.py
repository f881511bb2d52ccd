"""What changed between two pictures of one place? `detect` gives the mask, `compare` what the trip needs of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.application.ports.compare import OlderImage
from chalicelib.domain.changes import Change, Reason, Region
from chalicelib.domain.comparisons import DETECTOR
from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.domain.tiles import Bounds, Outline, View
from chalicelib.vision.belonging import centroid, hugs_unseen, is_within, own_parts
from chalicelib.vision.doubts import MARKED_DOWN, doubt
from chalicelib.vision.evidence import Evidence, weigh
from chalicelib.vision.history import Held, History
from chalicelib.vision.pixels import Pixels, decode, ground_of, split
from chalicelib.vision.regions import LEAST_SCORE, Part, area_of, changed, judged, marked, rings
from chalicelib.vision.render import Drawing, mask_png, overlay_png

__all__ = ["DETECTOR", "compare", "detect"]

FINEST_M_PER_PX, COARSEST_M_PER_PX = 0.001, 1000.0
LEAST_KEPT_SCORE = 0.1  # of what is kept as seen and ignored: below it is noise


def detect(before_bgr: NDArray[Any], after_bgr: NDArray[Any], metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark the changed pixels of two pictures: 255 in a mask as large as `before_bgr`.

    Either order of the pictures gives the same mask. Takes 1 to 4 channels; the fourth is alpha. A scale that is no
    number of metres counts as 1, and one that no picture has as the nearest that may be.
    """
    before, after = split(before_bgr), split(after_bgr)
    if not before.seen.size or not after.seen.size:
        return np.zeros(before.seen.shape, np.uint8)
    if after.seen.shape != before.seen.shape:
        after = _resized(after, before.seen.shape)
    scale = metres_per_pixel if math.isfinite(metres_per_pixel) and metres_per_pixel > 0 else 1.0
    scale = min(max(scale, FINEST_M_PER_PX), COARSEST_M_PER_PX)
    return changed(look(before, after, scale), scale)


def compare(
    before: bytes,
    after: bytes,
    *,
    view: View,
    area: Bounds,
    thresholds: Thresholds,
    older: Sequence[OlderImage] = (),
    doubted: Sequence[Outline] = (),
) -> Change:
    """Say what changed on a tile from its older picture to its newer one, inside the area.

    `older` are pictures from before both, newest first, to hold each change against; `doubted` are the outlines of what
    the comparison of `before` saw and was not sure of. Raises BadImage for bytes that are not an image of the view's
    size; an older picture that is none says nothing.
    """
    (_, reference), (_, newer) = decode(before, view), decode(after, view)
    evidence = look(reference, newer, view.gsd_m)
    history = History(older, reference=reference, newer=newer, view=view, look=look)
    ground = ground_of(view, area)
    counted = np.zeros_like(ground)
    kept: list[tuple[Region, Drawing]] = []
    ignored: list[Region] = []
    for part, reason in _seen(evidence, view, area, thresholds):
        if reason is not None:
            ignored.append(_region(part, rings(part), view, Held(reason, part.score, 0, 0)))
            continue
        held = _weighed(part, evidence, reference, newer, history, view, thresholds)
        outline = rings(part)
        region = _region(part, outline, view, held)
        if held.reason is not None:
            ignored.append(region)
            continue
        counted[part.box] |= part.mask
        kept.append((region, Drawing(outline, region.area_m2, region.area_m2 >= thresholds.min_changed_area_m2)))
    needed = LEAST_SCORE + thresholds.score_shift
    for part in _drawn(doubted, view):
        proof = history.confirm(part, evidence, needed)
        if proof is not None and not counted[part.box][part.mask].any():
            counted[part.box] |= part.mask
            outline = rings(part)
            region = replace(_region(part, outline, view, proof), is_confirmed=True)
            kept.append((region, Drawing(outline, region.area_m2, region.area_m2 >= thresholds.min_changed_area_m2)))
    kept.sort(key=lambda pair: (-pair[0].area_m2, pair[0].bounds))
    return Change(
        regions=tuple(region for region, _ in kept),
        ignored=tuple(ignored),
        clear_share=float(evidence.clear[ground].mean()),
        changed_share=float(counted[ground].mean()),
        gsd_m=view.gsd_m,
        smallest_change_m2=_smallest_change_m2(evidence, view),
        mask_png=mask_png(counted),
        overlay_png=overlay_png(newer, [drawing for _, drawing in kept]),
    )


def look(before: Pixels, after: Pixels, metres_per_pixel: float) -> Evidence:
    """Weigh two pictures of one size in an order of their own, so that it cannot matter which is the newer one."""
    if before.bgr.tobytes() > after.bgr.tobytes():
        before, after = after, before
    return weigh(before, after, metres_per_pixel)


def _seen(evidence: Evidence, view: View, area: Bounds, thresholds: Thresholds) -> Iterator[tuple[Part, Reason | None]]:
    """Yield what was seen on this tile and inside the area: what may be a change, and the rest with its reason."""
    everything = list(judged(evidence, view.gsd_m, thresholds.score_shift))
    mask = marked((part for part, reason in everything if reason is None), evidence.clear.shape)
    for part in own_parts(mask, evidence, view, area):
        yield part, None
    for part, reason in everything:
        if reason is not None and part.score >= LEAST_KEPT_SCORE and is_within(view, area, centroid(part)):
            yield part, reason


def _weighed(  # noqa: PLR0917 (what is known of one comparison)
    part: Part,
    evidence: Evidence,
    reference: Pixels,
    newer: Pixels,
    history: History,
    view: View,
    thresholds: Thresholds,
) -> Held:
    """Weigh what speaks against a region: in the pair first, as that costs next to nothing, then in older pictures."""
    area_m2 = area_of(part, view.gsd_m)
    at_edge = hugs_unseen(part, evidence.clear, view.gsd_m)
    reason = doubt(part, reference, newer, view.gsd_m, hugs_unseen=at_edge)
    if reason is not None:
        part = part._replace(score=round(MARKED_DOWN[reason] * part.score, 4))
        if part.score < LEAST_SCORE + thresholds.score_shift:
            return Held(reason, part.score, 0, 0)
    if area_m2 < thresholds.min_changed_area_m2:
        return Held(None, part.score, 0, 0)
    return history.hold(part, evidence)


def _drawn(outlines: Sequence[Outline], view: View) -> Iterator[Part]:
    """Yield outlines of (lon, lat) as parts of the picture."""
    for outline in outlines:
        mask = np.zeros((view.size_px, view.size_px), np.uint8)
        corners = [np.array([view.pixel(*place) for place in ring]) for ring in outline]
        cv2.fillPoly(mask, [np.round((ring - 0.5) * 16).astype(np.int32) for ring in corners], 1, shift=4)
        left, top, width, height = cv2.boundingRect(mask)
        if width and height:
            yield Part(left, top, mask[top : top + height, left : left + width] > 0, 0.0)


def _region(part: Part, outline: list[NDArray[np.float64]], view: View, held: Held) -> Region:
    def place(column: float, row: float) -> tuple[float, float]:
        lon, lat = view.lonlat(float(column), float(row))
        return round(lon, 7), round(lat, 7)

    height, width = part.mask.shape
    west, north = place(part.left, part.top)
    east, south = place(part.left + width, part.top + height)
    return Region(
        area_m2=area_of(part, view.gsd_m),
        score=held.score,
        bounds=Bounds(west, south, east, north),
        centroid=place(*centroid(part)),
        outline=[[place(*point) for point in (*ring, ring[0])] for ring in outline],
        reason=held.reason,
        older=held.older,
        held_against=held.held_against,
    )


def _smallest_change_m2(evidence: Evidence, view: View) -> float:
    """Give what could have been seen: four pixels and 25 m2 at best, more where the pair is noisy all over."""
    sight = evidence.sight
    noise = 1 / (1 + math.exp(-float(np.median(evidence.odds[sight.usable])))) if sight is not None else 1.0
    return default_threshold_m2(view.gsd_m) * (1 + 4 * noise)


def _resized(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    size = (shape[1], shape[0])
    seen = cv2.resize(pixels.seen.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return Pixels(
        np.asarray(cv2.resize(pixels.bgr, size, interpolation=cv2.INTER_AREA), np.uint8), np.asarray(seen > 0)
    )
