"""Do two images show land of one kind: as much of the same colours, textures and edges, wherever those lie?

Where nothing of one image is found in the other, this tells another place of the same land from land that was made
into something else: works turn fields into roofs, and another village has roofs and fields as this one has.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Bgr, Floats

_BLOCKS_A_SIDE = 8
ONE_KIND_AT_MOST = 0.25  # difference of land of one kind: of 69 real pairs those that nothing fits have .38 and more
ONE_LIGHT_AT_MOST = 0.06  # of land of one kind in one season and light: none of the 69 has less than .07
_MIN_LINE = 0.08  # of an image's side: shorter lines are found in woods as well
_MIN_LINES = 0.5  # sides of an image, all its lines together
_MIN_CROSSING = 0.2  # sides, those of them that run another way than most: waves and furrows all run one way
_ONE_WAY = np.pi / 8  # either side

_TENSOR_PX = 9


def difference(one: Bgr, two: Bgr) -> float:
    """Return how differently the blocks of two images look, wherever they lie: 0 is the same, 1 nothing in common.

    It is their energy distance over the mean distance of all blocks. Source: Szekely and Rizzo 2013, "Energy
    statistics".
    """
    first, second = _blocks(one), _blocks(two)
    both = np.vstack([first, second])
    both = both / (both.std(axis=0) + 1e-3)
    first, second = both[: len(first)], both[len(first) :]
    between = 2 * _mean_distance(first, second) - _mean_distance(first, first) - _mean_distance(second, second)
    return between / (_mean_distance(both, both) + 1e-9)


def has_structure(image: Bgr) -> bool:
    """Does an image show what lasts and can be found again: roads, roofs, borders of fields?

    Lines are found by cv2's LSD (Grompone von Gioi et al. 2012).
    """
    lines = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))[0]
    if lines is None:
        return False
    side = float(np.sqrt(image.shape[0] * image.shape[1]))
    x, y = (lines.reshape(-1, 2, 2)[:, 1] - lines.reshape(-1, 2, 2)[:, 0]).T
    lengths = np.hypot(x, y) / side
    is_long = lengths >= _MIN_LINE
    lengths, ways = lengths[is_long], np.arctan2(y, x)[is_long]
    if lengths.sum() < _MIN_LINES:
        return False
    apart = np.abs((ways[:, None] - ways + np.pi / 2) % np.pi - np.pi / 2)
    most_one_way = float(((apart <= _ONE_WAY) @ lengths).max())
    return bool(lengths.sum() - most_one_way >= _MIN_CROSSING)


def _blocks(image: Bgr) -> Floats:
    """Return what each block looks like, (64, 5): colour, strength and coherence of its edges."""
    smooth = cv2.GaussianBlur(image.astype(np.float32) / 255, (0, 0), 1.0)
    energy, coherence = _tensor(cv2.GaussianBlur(_grey(image), (0, 0), 1.0))
    maps = [*cv2.split(cv2.cvtColor(smooth, cv2.COLOR_BGR2LAB)), np.log1p(energy), coherence]
    size = (_BLOCKS_A_SIDE, _BLOCKS_A_SIDE)
    return np.stack([cv2.resize(values, size, interpolation=cv2.INTER_AREA).ravel() for values in maps], axis=1)


def _tensor(grey: Floats) -> tuple[Floats, Floats]:
    """Return the mean strength of the edges around each pixel, in grey levels a pixel, and their coherence, 0 to 1."""
    x, y = cv2.Scharr(grey, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(grey, cv2.CV_32F, 0, 1) / 16
    side = (_TENSOR_PX, _TENSOR_PX)
    power = cv2.boxFilter(x * x + y * y, cv2.CV_32F, side)
    along = cv2.magnitude(cv2.boxFilter(x * x - y * y, cv2.CV_32F, side), 2 * cv2.boxFilter(x * y, cv2.CV_32F, side))
    return np.sqrt(np.maximum(power, 0)), along / (power + 4)


def _grey(image: Bgr) -> Floats:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32)


def _mean_distance(one: Floats, two: Floats) -> float:
    return float(np.sqrt(np.square(one[:, None] - two[None]).sum(axis=2)).mean())
