"""Pixels as everything here knows them: 8-bit colours, and which of them hold data."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Bgr = NDArray[np.uint8]  # (height, width, 3): blue, green, red
Mask = NDArray[np.bool_]  # (height, width)

NO_DATA = 65_535  # in 16-bit files whose values are of fewer bits: what lies outside of the scene
_SENSORS = (8, 12, 14, 16)
_PICTURES = (8, 16)  # are as bright as they shall look
_GAMMA = 1 / 2.2


class Pixels(NamedTuple):
    """A decoded image: its colours, and the mask of its pixels that hold data at all."""

    bgr: Bgr
    valid: Mask


def to_pixels(array: NDArray[Any], *, bits: int | None = None, no_data: int | None = None) -> Pixels:
    """Convert an array of 1 to 4 channels and any depth to 8-bit colours and a mask of the valid pixels.

    Two and four channels end with alpha: what is wholly transparent is not valid, and neither is what is not finite.
    What has `no_data` in all its colours is not. 16-bit values are taken to have `bits`, or as many as `bits_of` says
    of their highest one.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    has_alpha = array.shape[2] in (2, 4)
    valid = np.asarray(array[:, :, -1] > 0) if has_alpha else np.ones(array.shape[:2], np.bool_)
    colours = array[:, :, :-1] if has_alpha else array
    if no_data is not None:
        valid &= in_any_channel(colours != no_data)
    if array.dtype == np.uint16:
        bits = bits_of(highest(colours, no_data)) if bits is None else bits
        if bits < 16:
            valid &= _has_data(colours)
        colours = _lookup(bits)[colours]
    elif array.dtype != np.uint8:
        valid &= np.isfinite(array).all(axis=2)
        colours = np.clip(np.nan_to_num(np.asarray(colours, np.float64)), 0, 255).astype(np.uint8)
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    return Pixels(np.ascontiguousarray(colours[:, :, :3]), valid)


def highest(colours: NDArray[Any], no_data: int | None = None) -> int:
    """Return the highest 16-bit value of the pixels that are not NO_DATA, or `no_data`, in all channels."""
    top = int(colours.max(initial=0))
    if top not in (NO_DATA, no_data):
        return top
    seen = _has_data(colours)
    if no_data is not None:
        seen &= in_any_channel(colours != no_data)
    return int((colours * seen[:, :, None]).max(initial=0))


def _has_data(colours: NDArray[Any]) -> Mask:
    return in_any_channel(colours < NO_DATA)


def in_any_channel(are: NDArray[np.bool_]) -> Mask:
    """Reduce a mask of (height, width, channels) to (height, width): twenty times as fast as `any(axis=2)`."""
    return np.asarray(np.logical_or.reduce([are[:, :, channel] for channel in range(are.shape[2])]))


def bits_of(top: int, said: int | None = None) -> int:
    """Return of how many bits a file's 16-bit values are: as it says, unless its highest one is above; or by that one.

    Sensors of 9 to 11 bits are taken for 12: the scenes of one sensor, dark ones too, are scaled alike.

    >>> bits_of(400), bits_of(2047), bits_of(9_800), bits_of(60_000), bits_of(400, said=9), bits_of(60_000, said=11)
    (12, 12, 14, 16, 9, 16)
    """
    if said is not None and said < 16:
        return said if top < 1 << said else 16  # then they are spread over all 16 bits
    return next(bits for bits in _SENSORS if top < 1 << bits)


def _lookup(bits: int) -> Bgr:
    """Return the 8-bit value of each 16-bit one; what is above the range is as bright as its end.

    A sensor's values count light. They are brightened as 8-bit pictures are, all of one range alike: what lies in the
    lowest eighth of it keeps 100 levels of the 255.
    """
    top = (1 << bits) - 1
    values = np.minimum(np.arange(65_536), top)
    if bits in _PICTURES:
        return (values * 255 // top).astype(np.uint8)
    return np.asarray(np.rint(255 * (values / top) ** _GAMMA), np.uint8)


def turn(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an image upright, as Exif's orientation says (1 to 8): a view of it, or a copy if it is another order."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)
