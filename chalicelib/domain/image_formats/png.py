"""PNG, ISO 15948: its chunks, its header, and its rows as they were filtered."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import exif
from chalicelib.domain.image_formats.facts import UPRIGHT, ImageHeader, turning_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"IEND\xaeB`\x82"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> samples a pixel
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_FED_BYTES = 64 * 1024  # of packed data at once: what is not used yet is copied each time
STRIP_BYTES = 4 * 1024 * 1024  # of rows that are decoded at once
_STRIP_COPIES = 6  # inflated, joined, wrapped, decoded twice over by OpenCV, converted


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the chunks (name, body) as far as IEND, their checksums checked. Raises BadImage."""
    view, at = memoryview(content), len(SIGNATURE)
    for name, body in unchecked_chunks(content):
        end = at + 8 + len(body)
        if zlib.crc32(view[at + 4 : end]) != struct.unpack_from(">I", content, end)[0]:
            raise BadImage(f"a damaged PNG: the checksum of chunk {name!r} is wrong")
        yield name, body
        at = end + 4


def unchecked_chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the chunks (name, body) as far as IEND. Raises BadImage where one is not whole."""
    view, at, name = memoryview(content), len(SIGNATURE), b""
    while name != b"IEND":
        if at + 12 > len(content):
            raise BadImage("half a PNG: the end chunk is missing")
        length, name = struct.unpack_from(">I4s", content, at)
        if at + 12 + length > len(content):
            raise BadImage("half a PNG: it ends inside a chunk")
        yield name, view[at + 8 : at + 8 + length]
        at += 12 + length


def read(content: bytes) -> ImageHeader:
    """Read the header of a whole PNG, and check its chunks. Raises BadImage."""
    length, orientation = len(SIGNATURE), UPRIGHT
    names: list[bytes] = []
    header = b""
    for name, body in chunks(content):
        length += 12 + len(body)
        if not names:
            header = bytes(body)
        if name == b"eXIf":
            orientation = exif.orientation(bytes(body))
        names.append(name)
    if names[0] != b"IHDR" or len(header) != 13:
        raise BadImage("a damaged PNG: it does not begin with its header")
    width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlaced > 1 or not width or not height:
        raise BadImage("a damaged PNG: its header makes no sense")
    if b"acTL" in names:
        raise BadImage("an animated PNG, not a picture")
    if b"IDAT" not in names:
        raise BadImage("half a PNG: it has no pixels")
    if colour == 3 and b"PLTE" not in names[: names.index(b"IDAT")]:
        raise BadImage("a damaged PNG: its palette is missing")
    has_alpha = colour in (4, 6) or b"tRNS" in names
    in_strips = not interlaced and depth >= 8 and colour != 3
    return ImageHeader(
        format="PNG",
        stored_width=width,
        stored_height=height,
        length=length,
        is_plain=depth == 8 and colour in (2, 6) and b"tRNS" not in names and orientation == UPRIGHT,
        decoding_bytes=_decoding_bytes(width, height, depth, has_alpha=has_alpha, in_strips=in_strips)
        + turning_bytes(width * height, 3 + has_alpha, orientation),
        orientation=orientation,
        depth=depth,
        channels=CHANNELS[colour],
        has_alpha=has_alpha,
        is_interlaced=bool(interlaced),
        in_strips=in_strips,
    )


def _decoding_bytes(width: int, height: int, depth: int, *, has_alpha: bool, in_strips: bool) -> int:
    """Return the pixels of 8 bits and their mask; beside them a strip, or all in their own depth, twice."""
    deep = 1 + (depth == 16)
    row = width * (3 + has_alpha) * deep
    strip = _STRIP_COPIES * max(row, min(STRIP_BYTES, height * row))
    return width * height * (4 if has_alpha or deep == 2 else 3) + (strip if in_strips else 2 * height * row)


def row_bytes(header: ImageHeader) -> int:
    """Return the bytes of one row of a PNG that is not interlaced, with the one that names its filter."""
    return 1 + (header.stored_width * header.depth * header.channels + 7) // 8


def rows(content: bytes, header: ImageHeader) -> Iterator[bytes]:
    """Inflate all rows of a PNG, in pieces of whatever length. Raises BadImage unless they are as many as it says."""
    left = _rows_bytes(header)
    inflate = zlib.decompressobj()
    for name, body in unchecked_chunks(content):
        if name != b"IDAT":
            continue
        for at in range(0, len(body), _FED_BYTES):
            packed = bytes(body[at : at + _FED_BYTES])
            while packed and not inflate.eof:
                try:
                    piece = inflate.decompress(packed, STRIP_BYTES)
                except zlib.error as error:
                    raise BadImage(f"a damaged PNG: its pixels do not unpack ({error})") from None
                packed = inflate.unconsumed_tail
                left -= len(piece)
                if left < 0:
                    raise BadImage("a damaged PNG: it has more rows than its header says")
                yield piece
    if left:
        raise BadImage("half a PNG: rows are missing")
    if not inflate.eof:
        raise BadImage("half a PNG: the checksum of its pixels is missing")


def _rows_bytes(header: ImageHeader) -> int:
    bits = header.depth * header.channels
    total = 0
    for left, top, step_x, step_y in _ADAM7 if header.is_interlaced else ((0, 0, 1, 1),):
        columns, lines = -(-(header.stored_width - left) // step_x), -(-(header.stored_height - top) // step_y)
        if columns > 0 and lines > 0:
            total += lines * (1 + (columns * bits + 7) // 8)
    return total
