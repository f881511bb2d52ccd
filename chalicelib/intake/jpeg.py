"""Decode a JPEG with libjpeg-turbo, whose warnings are refusals: OpenCV prints them and goes on.

A file whose pixels are half noise ends a decoder's count of blocks too early or too late, and that is a warning. What
keeps the count is one kind of damage that has a shape of its own: `slipped`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.facts import ImageHeader
from chalicelib.intake.pixels import Pixels
from chalicelib.intake.png import all_of
from chalicelib.intake.slips import slipped


def decode_jpeg(content: bytes, header: ImageHeader) -> Pixels:
    """Decode a JPEG whose header was read; not turned. Raises BadImage."""
    try:
        array: NDArray[Any] = simplejpeg.decode_jpeg(
            memoryview(content)[: header.length], "CMYK" if header.channels == 4 else "BGR", strict=True
        )
    except ValueError as error:
        if "memory" in str(error).lower():
            raise MemoryError(str(error)) from None
        raise BadImage(f"a damaged JPEG: {error}") from None
    shape = (header.stored_height, header.stored_width)
    if array.shape[:2] != shape:
        raise BadImage(f"a JPEG that decodes to {array.shape[1]}x{array.shape[0]} px, not {shape[1]}x{shape[0]}")
    bgr = _of_inks(array, is_inverted=header.is_inverted) if header.channels == 4 else array
    if slipped(bgr, header.block):
        raise BadImage("a damaged JPEG: from one block on, all that follows has another brightness")
    return Pixels(bgr, all_of(shape))


def _of_inks(inks: NDArray[Any], *, is_inverted: bool) -> NDArray[np.uint8]:
    """Convert cyan, magenta, yellow and black to blue, green and red, without a profile, a band of rows at a time."""
    bgr = np.empty((*inks.shape[:2], 3), np.uint8)
    for at in range(0, len(inks), 256):
        light = inks[at : at + 256].astype(np.uint16)
        if not is_inverted:
            light = 255 - light
        bgr[at : at + 256] = (light[:, :, 2::-1] * light[:, :, 3:] // 255).astype(np.uint8)
    return bgr
