"""Which way up a camera held an image: Exif 2.32, 4.6.4, tag 0x0112 of the first directory."""

from __future__ import annotations

import struct

from chalicelib.domain.image_formats.facts import UPRIGHT

_ORIENTATION, _SHORT = 0x0112, 3
_MOST_TAGS = 1000


def orientation(tiff: bytes) -> int:
    r"""Read the orientation, 1 to 8, of a block that begins with its byte order; 1 where it says none.

    >>> orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0")
    6
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return UPRIGHT
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for index in range(min(count, _MOST_TAGS)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * index)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value) if 1 <= value <= 8 else UPRIGHT
    except struct.error:
        pass  # the directory is cut off: nothing is said
    return UPRIGHT
