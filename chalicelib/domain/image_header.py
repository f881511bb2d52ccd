"""What the bytes of an image file tell without decoding: format, size, completeness. The only reader of headers.

OpenCV 4 decodes half a JPEG without a word, and a PNG of 48 KB into more than a gigabyte: so these questions are
settled on the bytes. Formats: PNG (ISO 15948: 5.2 signature, 11.2 IHDR and IEND), JPEG (ITU-T T.81, annex B: markers),
WebP container (RFC 9649).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.errors import BadImage

HEAD_BYTES = 256 * 1024  # a JPEG may carry a colour profile and a thumbnail before it states its size
TAIL_BYTES = 4 * 1024  # some cameras write a few bytes of their own behind the end
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> samples a pixel
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"  # cannot occur in compressed pixels: 0xFF is followed there by 0x00 or a restart marker
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15: they state the size
_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # neither a stuffed byte nor a restart marker


class NotAnImage(ValueError):
    """The ends of a file are not those of a whole PNG or JPEG; the message follows the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """Format and size of an image file that is complete as far as its structure tells."""

    format: str  # PNG, JPEG or WebP
    width: int
    height: int
    length: int  # bytes up to the image's own end; what follows does not belong to it
    is_plain: bool  # an 8-bit PNG of 3 or 4 channels, stored as it is


def read_header(content: bytes) -> ImageHeader:
    """Read the header of a whole file, and check that the file is complete. Raises BadImage."""
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(_JPEG):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    if not content:
        raise BadImage("not an image: it is empty")
    begin = content[:12].decode("ascii", "backslashreplace").strip()
    raise BadImage(f"not an image: it begins with {begin!r}")


def check_pixel_data(content: bytes, header: ImageHeader) -> None:
    """Check that all compressed rows of a PNG are there, once its size is known to be the expected one.

    Inflates the pixels, which takes as long as decoding them. Raises BadImage. JPEG and WebP carry no count of their
    rows: their decoders are the check.
    """
    if header.format != "PNG":
        return
    chunks = list(_chunks(content))
    depth, colour, _, _, interlaced = chunks[0][1][8:13]
    bits = depth * _PNG_CHANNELS[colour]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    expected = 0
    for left, top, step_x, step_y in passes:
        columns, rows = -(-(header.width - left) // step_x), -(-(header.height - top) // step_y)
        if columns > 0 and rows > 0:
            expected += rows * (1 + (columns * bits + 7) // 8)
    inflate = zlib.decompressobj()
    try:
        pixels = inflate.decompress(b"".join(body for name, body in chunks if name == b"IDAT"), expected)
    except zlib.error as error:
        raise BadImage(f"a damaged PNG: its pixels do not unpack ({error})") from None
    if len(pixels) < expected:
        raise BadImage("half a PNG: rows are missing")


def read_size(head: bytes) -> tuple[int, int]:
    """Read (width, height) in pixels from the first HEAD_BYTES of a PNG or JPEG. Raises NotAnImage."""
    if head.startswith(_PNG) and len(head) >= 24 and head[12:16] == b"IHDR":
        width, height = struct.unpack_from(">II", head, 16)
    elif head.startswith(_JPEG):
        width, height = _jpeg_size(head)
    else:
        raise NotAnImage("is no PNG or JPEG")
    if not (width and height):
        raise NotAnImage("says that it has no pixels")
    return width, height


def check_ends(head: bytes, tail: bytes) -> None:
    """Check that a PNG or JPEG is not cut off, from its first and last bytes. Raises NotAnImage."""
    if (_PNG_END if head.startswith(_PNG) else _JPEG_END) not in tail:
        raise NotAnImage("is cut off, or still being written")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a PNG's chunks (name, body) as far as IEND, their checksums checked."""
    at, name = len(_PNG), b""
    while name != b"IEND":
        if at + 12 > len(content):
            raise BadImage("half a PNG: the end chunk is missing")
        length, name = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise BadImage("half a PNG: it ends inside a chunk")
        body = content[at + 8 : at + 8 + length]
        if zlib.crc32(name + body) != struct.unpack_from(">I", content, at + 8 + length)[0]:
            raise BadImage(f"a damaged PNG: the checksum of chunk {name!r} is wrong")
        yield name, body
        at += 12 + length


def _png(content: bytes) -> ImageHeader:
    chunks = list(_chunks(content))
    name, body = chunks[0]
    if name != b"IHDR" or len(body) != 13:
        raise BadImage("a damaged PNG: it does not begin with its header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
    if colour not in _PNG_CHANNELS or depth not in (1, 2, 4, 8, 16) or interlaced > 1 or not width or not height:
        raise BadImage("a damaged PNG: its header makes no sense")
    names = {name for name, _ in chunks}
    if b"acTL" in names:
        raise BadImage("an animated PNG, not a picture")
    if b"IDAT" not in names:
        raise BadImage("half a PNG: it has no pixels")
    return ImageHeader(
        format="PNG",
        width=width,
        height=height,
        length=len(_PNG) + sum(12 + len(body) for _, body in chunks),
        is_plain=depth == 8 and colour in (2, 6) and b"tRNS" not in names,
    )


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield a JPEG's segments as far as its end marker: (marker, where its body begins, where its body ends).

    A segment that reaches beyond the content, or ends before it begins, is yielded too: the caller judges it.
    """
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1  # fill bytes
        if at + 2 > len(content):
            raise BadImage("half a JPEG: the end marker is missing")
        if content[at] != 0xFF:
            raise BadImage("a damaged JPEG: a marker is missing")
        marker, at = content[at + 1], at + 2
        if marker == _END:
            yield marker, at, at
            return
        if marker in _WITHOUT_LENGTH:
            continue
        end = at + int.from_bytes(content[at : at + 2], "big")
        yield marker, at + 2, end
        at = end
        if marker == _SCAN:
            following = _AFTER_SCAN.search(content, at)
            if following is None:
                raise BadImage("half a JPEG: the end marker is missing")
            at = following.start()


def _jpeg(content: bytes) -> ImageHeader:
    size: tuple[int, int] | None = None
    has_scan = False
    end = 0
    for marker, body, end in _segments(content):
        if marker != _END and not body <= end <= len(content):
            raise BadImage("half a JPEG: it ends inside a segment")
        if marker in _FRAMES and end - body >= 6:
            depth, height, width = struct.unpack_from(">BHH", content, body)
            if depth != 8 or not width or not height:
                raise BadImage(f"a JPEG of {depth} bits and {width}x{height} px cannot be used")
            size = (width, height)
        has_scan = has_scan or marker == _SCAN
    if size is None or not has_scan:
        raise BadImage("half a JPEG: it has no pixels")
    return ImageHeader(format="JPEG", width=size[0], height=size[1], length=end, is_plain=False)


def _jpeg_size(head: bytes) -> tuple[int, int]:
    """Read a JPEG's size as soon as it is stated: nothing else of the file has to be there or right."""
    try:
        for marker, body, _ in _segments(head):
            if marker in _FRAMES and body + 5 <= len(head):
                height, width = struct.unpack_from(">HH", head, body + 1)
                return width, height
    except BadImage:
        pass  # the head ends, or is damaged, before the size
    raise NotAnImage("is a JPEG that does not say its size")


def _webp(content: bytes) -> ImageHeader:
    if len(content) < 30:
        raise BadImage("half a WebP: it ends inside its header")
    length = 8 + int.from_bytes(content[4:8], "little")
    if length > len(content):
        raise BadImage("half a WebP: it is shorter than it says")
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", content, 26))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8X":
        if content[20] & 2:
            raise BadImage("an animated WebP, not a picture")
        width = int.from_bytes(content[24:27], "little") + 1
        height = int.from_bytes(content[27:30], "little") + 1
    else:
        raise BadImage("a damaged WebP: it does not begin with its picture")
    if not width or not height:
        raise BadImage("a damaged WebP: its header makes no sense")
    return ImageHeader(format="WebP", width=width, height=height, length=length, is_plain=False)
