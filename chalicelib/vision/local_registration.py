"""Local registration: the smooth displacement field that is left between two images after one shift for the whole.

Orthophotos bend where the terrain model behind them is wrong: at hills, bridges, tall buildings. What changed has no
displacement worth knowing, so the field is the median of what blocks of edges say, smoothed over their neighbours, and
it is believed only if the edges of the whole image then fit better.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask, halved
from chalicelib.vision.registration import correlation

BLOCK_PX = 16  # one displacement each: terrain bends an image over longer ways than a house is wide
FINER_BLOCK_PX = 12  # of what is left when the image is bent already: then less of a block goes its own way
MAX_DISPLACEMENT_PX = 4.0  # a larger one is a wrong match
MIN_GAIN = 0.08  # in correlation of the edges: a field that explains no more than this is not believed
_BEST = 1.001  # of a correlation, with what rounding adds
_MIN_SIDE_PX = 96  # a smaller image has too few blocks
_MIN_BLOCKS = 6
_BLOCK_SAMPLES = 16  # of a block, along each of its sides
_STRONGEST = 77  # of a block's samples, three in ten: its displacement is theirs
_MIN_EDGE = 0.3  # strength, where the image's median is log(2)
_SPREAD_FLOOR_PX = 0.3
_SMOOTHING_BLOCKS = 0.8
_EDGE_LEVELS = 60.0  # grey levels for a unit of edge strength


def estimate_field(first: Floats, second: Floats, usable: Mask) -> Floats | None:
    """Estimate the displacement of the second edge image's ground from the first one's: (rows, columns, 2), x and y.

    None where the estimate is not convincing. All is done at half size. The displacements of pixels are dense inverse
    search (Kroeger et al. 2016), as in `cv2.DISOpticalFlow`: coarse first, and finer where that already fits better;
    then once more what is left between the images, in smaller blocks, as far as they fit better still.
    """
    if min(first.shape) < _MIN_SIDE_PX:
        return None
    size = first.shape[1::-1]
    first, second = halved(first), halved(second)
    usable = cv2.resize(usable.astype(np.uint8), first.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    one, two = first - float(first.mean()), second - float(second.mean())
    as_it_lies = as_bent = correlation(one, two)
    if as_it_lies > _BEST - MIN_GAIN:
        return None  # no field explains so much more
    field: Floats | None = None
    for finest, least in ((1, MIN_GAIN / 2), (0, MIN_GAIN)):
        field = _field(first, second, usable, finest, BLOCK_PX)
        if field is None:
            return None
        as_bent = correlation(one, bent(two, field))
        if as_bent < as_it_lies + least:
            return None
    if field is None:
        return None
    rest = _field(first, bent(second, field), usable, 0, FINER_BLOCK_PX)
    if rest is not None:
        finer = np.asarray(bent(field, rest) + rest)
        field = finer if correlation(one, bent(two, finer)) > as_bent else field
    return np.asarray(2 * cv2.resize(field, size, interpolation=cv2.INTER_LINEAR))


def _field(first: Floats, second: Floats, usable: Mask, finest: int, block_px: int) -> Floats | None:
    """Return the smooth field at a scale of the flow, 2 to the power of `finest`; None where too little is known."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow.setFinestScale(finest)
    levels = [np.clip(edges * _EDGE_LEVELS, 0, 255).astype(np.uint8) for edges in (first, second)]
    displaced = np.asarray(flow.calc(levels[0], levels[1], np.zeros((*first.shape, 2), np.float32)))
    is_wrong = ~usable | (np.abs(displaced).max(axis=2) > MAX_DISPLACEMENT_PX)
    evidence = np.where(is_wrong, np.float32(0), np.minimum(first, second))
    displacements, trust = _of_blocks(displaced, evidence, block_px)
    if np.count_nonzero(trust) < _MIN_BLOCKS:
        return None
    summed, weight = (
        cv2.GaussianBlur(values, (0, 0), _SMOOTHING_BLOCKS, borderType=cv2.BORDER_REPLICATE)
        for values in (displacements * trust[..., None], trust)
    )
    height, width = first.shape
    coarse = summed / (weight[..., None] + 1e-3)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def bent(image: Floats, field: Floats) -> Floats:
    """Fetch each pixel from where a field says that it lies, bilinearly; the rim is filled with the nearest pixels."""
    rows, columns = np.indices(field.shape[:2], np.float32)
    x, y = columns + field[..., 0], rows + field[..., 1]
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _of_blocks(displaced: Floats, evidence: Floats, block_px: int) -> tuple[Floats, Floats]:
    """Return the median displacement of each block's strongest edges, and how far it is to be trusted."""
    height, width = evidence.shape
    rows, columns = (max(3, round(side / block_px)) for side in (height, width))
    size = (columns * _BLOCK_SAMPLES, rows * _BLOCK_SAMPLES)
    strength, flow = (
        _blocks(cv2.resize(each, size, interpolation=cv2.INTER_NEAREST)) for each in (evidence, displaced)
    )
    strongest = np.argpartition(-strength[:, :, 0], _STRONGEST, axis=1)[:, :_STRONGEST, None]
    flow = np.take_along_axis(flow, strongest, axis=1)
    weakest = np.take_along_axis(strength, strongest, axis=1).min(axis=(1, 2))
    displacements = np.median(flow, axis=1)
    spread = np.median(np.abs(flow - displacements[:, None]).sum(axis=2), axis=1)
    trust = np.where(weakest >= _MIN_EDGE, (_SPREAD_FLOOR_PX + spread) ** -2, 0)
    return displacements.reshape(rows, columns, 2).astype(np.float32), trust.reshape(rows, columns).astype(np.float32)


def _blocks(values: Floats) -> Floats:
    """Cut an image into blocks: (blocks, pixels, channels)."""
    values = values.reshape(*values.shape[:2], -1)
    rows, columns, channels = values.shape
    cut = values.reshape(rows // _BLOCK_SAMPLES, _BLOCK_SAMPLES, columns // _BLOCK_SAMPLES, _BLOCK_SAMPLES, channels)
    return np.asarray(cut.swapaxes(1, 2).reshape(-1, _BLOCK_SAMPLES**2, channels))
