"""Decode a PNG in strips of rows: nothing is held twice, and all of its rows are counted.

OpenCV does not decode in strips: the rows of each are wrapped, unpacked, as a PNG of their own, below the last row of
the strip before, on which their filters stand.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.image_formats import png
from chalicelib.domain.image_formats.facts import ImageHeader
from chalicelib.intake.pixels import Pixels, bits_of, highest, to_pixels


class NotDecoded(Exception):
    """The library gave nothing: the file is damaged, or the library lacks something."""


def decode_png(content: bytes, header: ImageHeader, *, no_data: int | None = None) -> Pixels:
    """Decode a PNG whose header was read; not turned. Raises BadImage, NotDecoded."""

    def top(strip: NDArray[Any]) -> int:
        return highest(_colours(strip), no_data)

    if not header.in_strips:
        for _ in png.rows(content, header):
            pass  # only counted
        array = with_opencv(content[: header.length])
        bits = _bits(content, header, top(array)) if header.depth == 16 else None
        return to_pixels(array, bits=bits, no_data=no_data)
    bits, strips = None, _strips(content, header)
    if (
        header.depth == 16
    ):  # the highest value of all is asked for first: by two passes, or of the one strip that is all
        kept = [next(strips)] if header.stored_height * png.row_bytes(header) <= png.STRIP_BYTES else None
        bits = _bits(content, header, max(top(strip) for _, strip in kept or strips))
        strips = chain(kept, strips) if kept else _strips(content, header)
    shape = (header.stored_height, header.stored_width)
    bgr = np.empty((*shape, 3), np.uint8)
    is_masked = header.has_alpha or header.depth == 16 or no_data is not None
    valid = np.ones(shape, np.bool_) if is_masked else all_of(shape)
    for at, strip in strips:
        part = to_pixels(strip, bits=bits, no_data=no_data)
        bgr[at : at + len(strip)] = part.bgr
        if valid.flags.writeable:
            valid[at : at + len(strip)] = part.valid
        if header.channels == 1 and header.has_alpha:  # OpenCV knows the transparent one of colours, not of greys
            valid[at : at + len(strip)] &= strip[:, :, 0] != _transparent_grey(content)
    return Pixels(bgr, valid)


def all_of(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return a mask of everything, which takes no memory and cannot be written to."""
    return np.broadcast_to(np.True_, shape)


def with_opencv(content: bytes) -> NDArray[Any]:
    """Decode an image as it is: not turned, all channels, their depth. Raises NotDecoded."""
    try:
        array = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError(error.err) from None
        raise NotDecoded(error.err) from None
    if array is None:
        raise NotDecoded("it does not decode")
    return array


def _strips(content: bytes, header: ImageHeader) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first row, rows) from top to bottom; three axes, channels as OpenCV has them."""
    size = png.row_bytes(header)
    count = max(1, png.STRIP_BYTES // size)
    held, at, above = bytearray(), 0, b""
    pieces = png.rows(content, header)
    while at < header.stored_height:
        wanted = min(count, header.stored_height - at)
        while len(held) < wanted * size:
            held += next(pieces)  # that they are as many as the header says, `rows` checks
        rows = bytes(memoryview(held)[: wanted * size])
        del held[: wanted * size]
        strip = with_opencv(_wrapped(content, above + rows, wanted + bool(above)))
        strip = (strip[:, :, None] if strip.ndim == 2 else strip)[bool(above) :]
        yield at, strip
        above, at = b"\0" + _unfiltered(strip[-1], header), at + wanted
    for _ in pieces:
        pass  # nothing is left, which it checks


def _wrapped(content: bytes, rows: bytes, count: int) -> bytes:
    parts = [png.SIGNATURE]
    for name, body in png.unchecked_chunks(content):
        if name == b"IDAT":
            break
        if name == b"IHDR":
            parts.append(_chunk(name, bytes(body[:4]) + struct.pack(">I", count) + bytes(body[8:])))
        elif name == b"tRNS":
            parts.append(_chunk(name, bytes(body)))
    parts += [_chunk(b"IDAT", zlib.compress(rows, 0)), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _colours(array: NDArray[Any]) -> NDArray[Any]:
    array = array[:, :, None] if array.ndim == 2 else array
    return array[:, :, :-1] if array.shape[2] in (2, 4) else array


def _bits(content: bytes, header: ImageHeader, top: int) -> int:
    """Return of how many bits the colours are: `sBIT` says it of each channel, if it is there."""
    colours = header.channels - (header.channels in (2, 4))
    said = (bytes(body[:colours]) for name, body in png.unchecked_chunks(content) if name == b"sBIT" and body)
    return bits_of(top, max(next(said, b"\x10")))


def _transparent_grey(content: bytes) -> int:
    return next(int.from_bytes(body[:2], "big") for name, body in png.unchecked_chunks(content) if name == b"tRNS")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _unfiltered(row: NDArray[Any], header: ImageHeader) -> bytes:
    """Return a decoded row as the file has it, before filtering."""
    order = {1: [0], 2: [0, 3], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[header.channels]
    samples = row[:, order]
    return samples.astype(">u2").tobytes() if header.depth == 16 else samples.tobytes()
