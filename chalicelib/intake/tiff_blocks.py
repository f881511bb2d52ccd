"""Unpack one block (a tile or a strip) of a TIFF: exactly the pixels that it must hold, or a BadImage."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff_levels import DEFLATE, JPEG, LZW, YCBCR, Level
from chalicelib.intake import lzw

_WIDEST = 1 << 20  # columns that OpenCV decodes
_JPEG_COLOURS = {1: "GRAY", 3: "RGB", 4: "CMYK"}
_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"


def unpack(content: bytes, level: Level, rows: int) -> NDArray[Any]:
    """Return the samples of a block of so many rows: (rows, columns, samples), as they are stored.

    In this machine's order of bytes; of a mask of one bit, 0 and 1. Raises BadImage.
    """
    if level.compression == JPEG:
        return _of_jpeg(content, level, rows)
    size = level.row_bytes * rows
    if level.compression == DEFLATE:
        plain = _inflated(content, size, most=level.row_bytes * level.block_height)
    elif level.compression == LZW:
        plain = _of_lzw(content, level, rows)
    else:
        plain = content
    if len(plain) < size:
        raise BadImage(f"a damaged TIFF: a block has {len(plain)} bytes of its {size}")
    return _samples(plain[:size], level, rows)


def _samples(plain: bytes, level: Level, rows: int) -> NDArray[Any]:
    if level.bits == 1:
        bits = np.unpackbits(np.frombuffer(plain, np.uint8).reshape(rows, level.row_bytes), axis=1)
        return bits[:, : level.block_width, None]
    kind = np.dtype(np.uint8) if level.bits == 8 else np.dtype("<u2" if level.is_little else ">u2")
    array = np.frombuffer(plain, kind).reshape(rows, level.block_width, level.block_samples)
    array = array.astype(kind.newbyteorder("="), copy=False)
    if level.has_predictor:
        array = np.cumsum(array, axis=1, dtype=array.dtype)
    return array


def _inflated(content: bytes, size: int, *, most: int) -> bytes:
    """Return what was deflated: never more than a byte beyond what a whole block may hold."""
    packed = zlib.decompressobj()
    try:
        plain = packed.decompress(content, most + 1)
    except zlib.error as error:
        raise BadImage(f"a damaged TIFF: a block does not unpack ({error})") from None
    if len(plain) not in {size, most}:  # a last strip may be filled up to a whole one
        length = f"more than {most}" if len(plain) > most else f"{len(plain)}"
        raise BadImage(f"a damaged TIFF: a block unpacks to {length} bytes, not {size}")
    if not packed.eof:
        raise BadImage("a damaged TIFF: a block is cut off")
    return plain


def _of_lzw(content: bytes, level: Level, rows: int) -> bytes:
    """Let OpenCV unpack a block as a TIFF of its own, of greys: so it converts no colours.

    It takes what is cut off or damaged for black, so the codes are counted first.
    """
    size = level.row_bytes * rows
    lzw.check(content, size)
    if level.row_bytes > _WIDEST:
        raise BadImage(f"a TIFF with LZW and rows of {level.row_bytes} bytes, which is not read: store it in tiles")
    array = cv2.imdecode(np.frombuffer(_as_greys(content, level.row_bytes, rows), np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.shape != (rows, level.row_bytes) or array.dtype != np.uint8:
        raise BadImage("a damaged TIFF: a block does not unpack")
    return array.tobytes()


def _as_greys(content: bytes, width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, LZW), (262, 1), (273, 0), (277, 1), (278, height)]
    tags.append((279, len(content)))
    begin = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, begin if tag == 273 else value) for tag, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + content


def _of_jpeg(content: bytes, level: Level, rows: int) -> NDArray[Any]:
    if level.block_samples not in _JPEG_COLOURS:
        raise BadImage(f"a TIFF with JPEG of {level.block_samples} samples, which is not read: 1, 3 and 4 are")
    if not content.startswith(_BEGIN):
        raise BadImage("a damaged TIFF: a block is no JPEG")
    whole = _BEGIN + _colours(level) + _tables(level.tables) + content[2:]
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(whole)
        if (height, width) != (rows, level.block_width) and not (
            width == level.block_width and rows < height <= level.block_height
        ):
            raise BadImage(f"a damaged TIFF: a block of {rows} rows holds a JPEG of {width}x{height} px")
        array: NDArray[Any] = simplejpeg.decode_jpeg(whole, _JPEG_COLOURS[level.block_samples], strict=True)
    except ValueError as error:
        raise BadImage(f"a damaged TIFF: a block is a damaged JPEG: {error}") from None
    array = array[:rows]
    return array if array.ndim == 3 else array[:, :, None]


def _tables(stated: bytes) -> bytes:
    """Return the tables that all blocks share, out of the JPEG without pixels that they come in."""
    if not stated:
        return b""
    if not (stated.startswith(_BEGIN) and stated.endswith(_END)):
        raise BadImage("a damaged TIFF: its tables of JPEG are none")
    return stated[2:-2]


def _colours(level: Level) -> bytes:
    """Return Adobe's mark, which says whether the samples are YCbCr: a block of a TIFF need not say so itself."""
    if level.block_samples == 1:
        return b""
    is_converted = level.photometric == YCBCR and level.block_samples == 3
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([is_converted])
