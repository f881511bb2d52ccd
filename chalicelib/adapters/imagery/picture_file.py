"""What a PNG or JPEG file says of itself in its first and last bytes, without decoding it.

Sources: PNG specification, 5.2 (signature), 11.2 (IHDR, IEND); ITU-T T.81, annex B (JPEG markers).
"""

from __future__ import annotations

import struct

HEAD_BYTES = 256 * 1024  # a JPEG may carry a colour profile and a thumbnail before it says its size
TAIL_BYTES = 4 * 1024  # some cameras write a few bytes of their own behind the end
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"  # cannot occur inside compressed pixels: there 0xFF is always followed by 0x00 or a restart
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


class NotAPicture(ValueError):
    """The bytes are no whole PNG or JPEG; the message says why, in words that follow a file's name."""


def size_of(head: bytes) -> tuple[int, int]:
    """Give (width, height) in pixels from a file's first bytes. Raises NotAPicture."""
    if head.startswith(_PNG) and len(head) >= 24 and head[12:16] == b"IHDR":
        width, height = struct.unpack(">II", head[16:24])
    elif head.startswith(_JPEG):
        width, height = _jpeg_size(head)
    else:
        raise NotAPicture("is no PNG or JPEG")
    if not (width and height):
        raise NotAPicture("says that it has no pixels")
    return width, height


def check_whole(head: bytes, tail: bytes) -> None:
    """Raise NotAPicture for a file whose end is missing: it is still being written, or was cut off."""
    if (_PNG_END if head.startswith(_PNG) else _JPEG_END) not in tail:
        raise NotAPicture("is cut off, or still being written")


def _jpeg_size(head: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(head):
        marker = head[at + 1]
        if head[at] != 0xFF:
            break
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int(struct.unpack(">H", head[at + 2 : at + 4])[0])
    raise NotAPicture("is a JPEG that does not say its size")
