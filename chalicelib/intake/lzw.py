"""Count what the codes of an LZW block unpack to, without unpacking them: who unpacks takes what is damaged for black.

Source: TIFF 6.0, section 13. Between two codes that clear the table the width of a code depends on its place alone, so
they are read all at once; a code of the table is one byte longer than the code that it was made by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage

_CLEAR, _END, _FIRST = 256, 257, 258
_MOST = 4096  # codes of the table


def _layout() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the widths of the codes that may follow one that clears, and at which bit behind it each begins."""
    made = np.arange(_MOST) + _FIRST  # entries of the table when the code at a place has been read
    widths = np.select([made < 512, made < 1024, made < 2048], [9, 10, 11], 12)
    return widths, np.concatenate([[0], np.cumsum(widths)[:-1]])


_WIDTHS, _BEGINS = _layout()


def check(content: bytes, size: int) -> None:
    """Check that a block unpacks to `size` bytes at least. Raises BadImage."""
    array = np.concatenate([np.frombuffer(content, np.uint8), np.zeros(4, np.uint8)]).astype(np.uint32)
    bits, at, length = 8 * len(content), 0, 0
    if _read(array, np.array([0]), np.array([9]))[0] != _CLEAR:
        raise BadImage("a damaged TIFF: a block does not begin as LZW does")
    while at + 9 <= bits and length < size:
        at += 9 if at == 0 else 0
        there = int(np.searchsorted(_BEGINS + _WIDTHS, bits - at, side="right"))
        codes = _read(array, at + _BEGINS[:there], _WIDTHS[:there])
        ends = np.flatnonzero((codes == _CLEAR) | (codes == _END))
        last = int(ends[0]) if len(ends) else there
        length += _unpacked(codes[:last])
        if not len(ends) or codes[last] == _END:
            break
        at += int(_BEGINS[last] + _WIDTHS[last])
    if length < size:
        raise BadImage(f"a damaged TIFF: a block unpacks to {length} bytes, not {size}")


def _read(array: NDArray[np.uint32], begins: NDArray[Any], widths: NDArray[Any]) -> NDArray[np.int64]:
    first = begins >> 3
    three = (array[first] << 16) | (array[first + 1] << 8) | array[first + 2]
    codes: NDArray[np.int64] = (three.astype(np.int64) >> (24 - (begins & 7) - widths)) & ((1 << widths) - 1)
    return codes


def _unpacked(codes: NDArray[np.int64]) -> int:
    """Return how many bytes codes unpack to. Raises BadImage for one that is not in the table yet."""
    if (codes > np.arange(len(codes)) + _CLEAR + 1).any():
        raise BadImage("a damaged TIFF: a block has a code of LZW that stands for nothing")
    # How many steps back lie between each code and the byte that its chain begins with, by doubling.
    places = np.arange(len(codes))
    back = np.where(codes >= _FIRST, codes - _FIRST, places)
    steps = (codes >= _FIRST).astype(np.int64)
    while True:
        more = steps[back]
        if not more.any():
            return int(steps.sum()) + len(codes)
        steps += more
        back = back[back]
