"""What an image file says about itself, read without decoding it.

OpenCV 4 decodes half a JPEG without a word, and a PNG of 48 KB into more than a gigabyte: so kind, size and
completeness are settled here, on the bytes. Formats: PNG (ISO 15948), JPEG (ITU T.81), WebP container (RFC 9649).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.errors import BadImage

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> samples a pixel
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_JPEG_SIZES = {*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}  # SOF0 to SOF15
_JPEG_BARE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # neither a stuffed byte nor a restart marker


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Kind and size of an image file that is there to its end."""

    kind: str  # PNG, JPEG or WebP
    width: int
    height: int
    length: int  # bytes up to the image's own end; what follows does not belong to it
    is_plain: bool  # an 8-bit PNG of 3 or 4 channels, kept as it is


def read_header(content: bytes) -> Header:
    """Read kind and size, and make sure that the file is whole as far as its structure tells. Raises BadImage."""
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    if not content:
        raise BadImage("not an image: it is empty")
    begin = content[:12].decode("ascii", "backslashreplace").strip()
    raise BadImage(f"not an image: it begins with {begin!r}")


def check_pixels(content: bytes, header: Header) -> None:
    """Make sure that a PNG's compressed rows are all there; to be called once the size is known to be wanted.

    Raises BadImage. JPEG and WebP carry no count of their rows: their decoders are the check.
    """
    if header.kind != "PNG":
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
    unpack = zlib.decompressobj()
    try:
        pixels = unpack.decompress(b"".join(body for name, body in chunks if name == b"IDAT"), expected)
    except zlib.error as error:
        raise BadImage(f"a damaged PNG: its pixels do not unpack ({error})") from None
    if len(pixels) < expected:
        raise BadImage("half a PNG: rows are missing")


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Split a PNG into chunks, as far as IEND, with their checksums checked."""
    found: list[tuple[bytes, bytes]] = []
    at = len(_PNG)
    while True:
        if at + 12 > len(content):
            raise BadImage("half a PNG: the end chunk is missing")
        length, name = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise BadImage("half a PNG: it ends inside a chunk")
        body = content[at + 8 : at + 8 + length]
        if zlib.crc32(name + body) != struct.unpack_from(">I", content, at + 8 + length)[0]:
            raise BadImage(f"a damaged PNG: the checksum of chunk {name!r} is wrong")
        found.append((name, body))
        at += 12 + length
        if name == b"IEND":
            return found


def _png(content: bytes) -> Header:
    chunks = _chunks(content)
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
    return Header(
        kind="PNG",
        width=width,
        height=height,
        length=len(_PNG) + sum(12 + len(body) for _, body in chunks),
        is_plain=depth == 8 and colour in (2, 6) and b"tRNS" not in names,
    )


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield a JPEG's segments, its end marker included: (marker, where its body begins, where the next one begins)."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1  # fill bytes
        if at + 2 > len(content):
            raise BadImage("half a JPEG: the end marker is missing")
        if content[at] != 0xFF:
            raise BadImage("a damaged JPEG: a marker is missing")
        marker, at = content[at + 1], at + 2
        if marker == _JPEG_END:
            yield marker, at, at
            return
        if marker in _JPEG_BARE:
            continue
        length = int.from_bytes(content[at : at + 2], "big")
        if length < 2 or at + length > len(content):
            raise BadImage("half a JPEG: it ends inside a segment")
        body, at = at + 2, at + length
        if marker == _JPEG_SCAN:
            following = _AFTER_SCAN.search(content, at)
            if following is None:
                raise BadImage("half a JPEG: the end marker is missing")
            at = following.start()
        yield marker, body, at


def _jpeg(content: bytes) -> Header:
    size: tuple[int, int] | None = None
    has_scan = False
    end = 0
    for marker, body, end in _segments(content):
        if marker in _JPEG_SIZES and end - body >= 6:
            depth, height, width = struct.unpack_from(">BHH", content, body)
            if depth != 8 or not width or not height:
                raise BadImage(f"a JPEG of {depth} bits and {width}x{height} px cannot be used")
            size = (width, height)
        has_scan = has_scan or marker == _JPEG_SCAN
    if size is None or not has_scan:
        raise BadImage("half a JPEG: it has no pixels")
    return Header(kind="JPEG", width=size[0], height=size[1], length=end, is_plain=False)


def _webp(content: bytes) -> Header:
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
    return Header(kind="WebP", width=width, height=height, length=length, is_plain=False)
