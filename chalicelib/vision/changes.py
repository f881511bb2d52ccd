"""What changed between two images of one place: `detect` returns a mask, `compare` what the use cases need of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.application.ports.compare import Bands, GsdsM, OlderImage, Seasons
from chalicelib.domain.changes import Change
from chalicelib.domain.comparisons import DETECTOR
from chalicelib.domain.errors import DoesNotFit
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.domain.tiles import Bounds, Outline, View
from chalicelib.intake.bands import unpack
from chalicelib.vision.band_pairs import LEAST_ALERT_PX, BandPair, band_pair, mapping_of, read_band_images, season_test
from chalicelib.vision.bands import seen_of
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.comparison import Comparison, RegionTest
from chalicelib.vision.drawn_over import Uncovered, map_uncovered
from chalicelib.vision.findings import Findings
from chalicelib.vision.masks import in_scene
from chalicelib.vision.persistence import PersistenceTest, read_images, read_witnesses
from chalicelib.vision.pixels import Mask, Pixels, decode_stored, ground_mask, to_pixels, watched_mask
from chalicelib.vision.placement import map_placed, placed
from chalicelib.vision.regions import changed_mask
from chalicelib.vision.render import mask_png, overlay_png
from chalicelib.vision.resolution import Levelled, levelled
from chalicelib.vision.slow_change import SlowChangeTest

__all__ = ["DETECTOR", "compare", "compare_with_baseline", "detect"]

MIN_GSD_M, MAX_GSD_M = 0.001, 1000.0


def detect(before_bgr: NDArray[Any], after_bgr: NDArray[Any], metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark the changed pixels of two images: 255 in a mask as large as `before_bgr`.

    Either order of the images gives the same mask, unless one must be moved: it is laid on the grid of `before`. Two
    that do not fit give an empty one. Takes 1 to 4 channels; the fourth is alpha. A scale that is no
    number of metres counts as 1, and one that no image has as the nearest that may be.
    """
    before, after = to_pixels(before_bgr), to_pixels(after_bgr)
    if not before.valid.size or not after.valid.size:
        return np.zeros(before.valid.shape, np.uint8)
    before, after = in_scene(before), in_scene(after)
    if after.valid.shape != before.valid.shape:
        after = _resized(after, before.valid.shape)
    gsd_m = metres_per_pixel if math.isfinite(metres_per_pixel) and metres_per_pixel > 0 else 1.0
    gsd_m = min(max(gsd_m, MIN_GSD_M), MAX_GSD_M)
    try:
        before, after = placed(before, after, gsd_m)
    except DoesNotFit:
        return np.zeros(before.valid.shape, np.uint8)
    pair = levelled(before, after, (None, None), gsd_m)
    return changed_mask(map_uncovered(pair.before, pair.after, gsd_m).change_map, gsd_m)


def compare(
    before: bytes,
    after: bytes,
    *,
    view: View,
    area: Bounds,
    thresholds: Thresholds,
    older: Sequence[OlderImage] = (),
    refused: Sequence[OlderImage] = (),
    doubted: Sequence[Outline] = (),
    gsds_m: GsdsM = (None, None),
    bands: Bands = (None, None),
    outlines: Outlines | None = None,
    older_bands: Sequence[OlderImage] = (),
    seasons: Seasons | None = None,
) -> Change:
    """Find what changed on a tile, inside the area, from its reference `before` to its newer image `after`.

    `older` are readers of the images before both, newest first, that each change is tested against; `refused` can
    outvote `before`, see `placed`; `doubted` are the outlines of what was doubtful when `before` was compared.
    `outlines` are what of the area's box is watched, where that is not all of it. The
    bytes are those of stored images, which passed the gate and whose sha256 was checked. Raises BadImage for bytes that
    are not an image of the view's size, and DoesNotFit for two that do not show the same ground; another image that is
    none is left out. Where both have the bands for it these are compared, and not the pictures, and held against what
    `seasons` has of the same season of earlier years.
    """
    reference, newer = _seen(before, bands[0], view), _seen(after, bands[1], view)
    reference, newer = placed(reference, newer, view.gsd_m, read_images(older, view), _numbered(refused, view))
    measured = band_pair(bands, reference, newer, view)
    pair, seen = _pair(reference, newer, measured, gsds_m, view)
    test: RegionTest
    season = None
    if measured is None:
        read = partial(read_witnesses, older, view, seen.before, seen.after)
        test = PersistenceTest(read, reference=seen.before, newer=seen.after, view=view, map_change=map_placed)
    else:
        one, two = measured.before, measured.after
        read_bands = partial(read_band_images, older_bands, view, two)
        season = None if seasons is None else season_test(seasons, measured, view)
        test = PersistenceTest(read_bands, reference=one, newer=two, view=view, map_change=mapping_of(view))
    findings = Comparison(
        seen, test, view, watched_mask(view, area, outlines), thresholds, pair.least_m2, measured, season
    ).find(doubted)
    change = _change(findings, seen.change_map, newer, ground_mask(view, area, outlines), pair.gsd_m)
    return change if season is None or seasons is None else replace(change, earlier_years=seasons.years)


def compare_with_baseline(
    baseline: bytes,
    after: bytes,
    *,
    view: View,
    area: Bounds,
    thresholds: Thresholds,
    between: Sequence[OlderImage],
    gsds_m: GsdsM = (None, None),
    bands: Bands = (None, None),
    outlines: Outlines | None = None,
    between_bands: Sequence[OlderImage] = (),
) -> Change:
    """Find what changed on a tile slowly, inside the area, from its accepted baseline to its newer image `after`.

    `between` are readers of images between the two, newest first, the first of them the one right before `after`: what
    they do not hold is ignored, with its reason. Else as `compare`.
    """
    reference, newer = _seen(baseline, bands[0], view), _seen(after, bands[1], view)
    reference, newer = placed(reference, newer, view.gsd_m, read_images(between, view))
    measured = band_pair(bands, reference, newer, view)
    pair, seen = _pair(reference, newer, measured, gsds_m, view)
    test: RegionTest
    if measured is None:
        read = partial(read_witnesses, between, view, seen.before, seen.after)
        test = SlowChangeTest(read, baseline=seen.before, newer=seen.after, view=view, map_change=map_placed)
    else:
        one, two = measured.before, measured.after
        read_bands = partial(read_band_images, between_bands, view, two)
        test = SlowChangeTest(read_bands, baseline=one, newer=two, view=view, map_change=mapping_of(view))
    findings = Comparison(
        seen, test, view, watched_mask(view, area, outlines), thresholds, pair.least_m2, measured
    ).find(())
    return _change(findings, seen.change_map, newer, ground_mask(view, area, outlines), pair.gsd_m)


def _pair(
    reference: Pixels, newer: Pixels, measured: BandPair | None, gsds_m: GsdsM, view: View
) -> tuple[Levelled, Uncovered]:
    """Return two images as they can be compared, and what changed: by their bands where both have them."""
    if measured is not None:
        gsd_m = view.gsd_m * view.size_px / len(measured.after.valid)
        least_m2 = LEAST_ALERT_PX * gsd_m**2  # what is smaller is seen, and not told
        return Levelled(reference, newer, gsd_m, least_m2), Uncovered(reference, newer, measured.change_map(), ())
    pair = levelled(reference, newer, gsds_m, view.gsd_m)
    return pair, map_uncovered(pair.before, pair.after, view.gsd_m)


def _seen(content: bytes, bands: bytes | None, view: View) -> Pixels:
    pixels = in_scene(decode_stored(content, view))
    return pixels if bands is None else seen_of(pixels, unpack(bands, view), view)


def _numbered(readers: Sequence[OlderImage], view: View) -> Iterator[tuple[int, Pixels]]:
    for number, reader in enumerate(readers):
        yield from ((number, image) for image in read_images([reader], view))


def _change(findings: Findings, change_map: ChangeMap, newer: Pixels, ground: Mask, seen_gsd_m: float) -> Change:
    view = findings.view
    return Change(
        regions=tuple(region for region, _ in findings.kept),
        ignored=tuple(findings.ignored),
        clear_share=float((change_map.clear & ~findings.veiled)[ground].mean()),
        changed_share=float(findings.counted[ground].mean()),
        gsd_m=view.gsd_m,
        smallest_change_m2=_smallest_change_m2(change_map, seen_gsd_m),
        mask_png=mask_png(findings.counted),
        overlay_png=overlay_png(newer, [drawing for _, drawing in findings.kept]),
    )


def _smallest_change_m2(change_map: ChangeMap, gsd_m: float) -> float:
    """Return the smallest change that could be seen: four pixels and 25 m2 at best, more in a pair that is noisy."""
    pair = change_map.pair
    noise = 1 / (1 + math.exp(-float(np.median(change_map.odds[pair.usable])))) if pair is not None else 1.0
    return default_threshold_m2(gsd_m) * (1 + 4 * noise)


def _resized(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    size = (shape[1], shape[0])
    valid = cv2.resize(pixels.valid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    bgr = np.asarray(cv2.resize(pixels.bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Pixels(bgr, np.asarray(valid > 0))
