"""The way in: is a file a whole image, what does it show, and which of its pixels hold data?

What the image lacks is a BadImage, told in a sentence. What this machine lacks, memory or a codec, is Unavailable: the
image may be good, and is asked for again.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.domain.errors import BadImage, Unavailable
from chalicelib.domain.image_formats import webp
from chalicelib.domain.image_formats.facts import MAX_BYTES, UPRIGHT, ImageHeader
from chalicelib.domain.image_header import read_header
from chalicelib.intake.jpeg import decode_jpeg
from chalicelib.intake.pixels import Pixels, to_pixels, turn
from chalicelib.intake.png import NotDecoded, all_of, decode_png, with_opencv
from chalicelib.intake.stated_no_data import without

_LOSSLESS = b"VP8L"  # a WebP whose picture is stored without losses
_SPARE_BYTES = 12  # of a WebP: what its picture may leave unread at the end


def decode(content: bytes, header: ImageHeader | None = None, *, no_data: int | None = None) -> Pixels:
    """Decode an image, turned upright as it says, whose header may have been read before.

    Pixels that have the value `no_data` in all colours, as the file has them, are not valid.

    Raises BadImage for what is not a whole image or takes too much; Unavailable for what is missing here.
    """
    header = header or read_header(content)
    check_fits(header, len(content))
    try:
        _room(header)
        pixels = _decoded(content, header, no_data)
        if header.orientation != UPRIGHT:
            pixels = _upright(pixels, header)
    except MemoryError:
        raise Unavailable(
            f"not enough memory to decode a {header.format} of {header.width}x{header.height} px: "
            f"it takes {_mb(header.decoding_bytes)} MB"
        ) from None
    except NotDecoded as error:
        _check_codec(header.format)
        raise BadImage(f"a damaged {header.format}: {error}") from None
    if pixels.bgr.shape[:2] != (header.height, header.width):
        height, width = pixels.bgr.shape[:2]
        raise BadImage(f"a {header.format} that decodes to {width}x{height} px, not {header.width}x{header.height}")
    return pixels


def check_fits(header: ImageHeader, file_bytes: int) -> None:
    """Check that an image may be decoded at all, by the bytes that takes. Raises BadImage, with the numbers."""
    taken = file_bytes + header.decoding_bytes
    if taken > MAX_BYTES:
        raise BadImage(
            f"a {header.format} of {header.width}x{header.height} px and {_mb(file_bytes)} MB takes "
            f"{_mb(taken)} MB to decode, more than {_mb(MAX_BYTES)}: cut it into several, {_lighter(header)}"
        )


def _lighter(header: ImageHeader) -> str:
    if header.depth == 16:
        return "or save it with 8 bits a channel"
    if header.format == "WebP" or (header.format == "PNG" and not header.in_strips):
        return "or save it as a plain PNG, not interlaced"
    return "each with an item of its own"


def _mb(count: int) -> int:
    return round(count / 1_000_000)


def _room(header: ImageHeader) -> None:
    """Ask for the memory before a library does, which would not say what it lacked. Raises MemoryError."""
    np.empty(header.decoding_bytes, np.uint8)  # given back at once, and never touched


def _decoded(content: bytes, header: ImageHeader, no_data: int | None) -> Pixels:
    if header.format == "PNG":
        return decode_png(content, header, no_data=no_data)
    is_exact = content[12:16] == _LOSSLESS
    pixels = (
        decode_jpeg(content, header)
        if header.format == "JPEG"
        else _webp(content, header, no_data if is_exact else None)
    )
    return pixels if no_data is None or is_exact else without(pixels, no_data)


def _webp(content: bytes, header: ImageHeader, no_data: int | None) -> Pixels:
    content = content[: header.length]
    pixels = to_pixels(with_opencv(content), no_data=no_data)
    shorter = webp.without_its_last(content, _SPARE_BYTES)
    if shorter is not None and _decodes(shorter):
        raise BadImage("a damaged WebP: it holds more than its picture")
    return pixels


def _upright(pixels: Pixels, header: ImageHeader) -> Pixels:
    bgr = turn(pixels.bgr, header.orientation)
    if not pixels.valid.flags.writeable:  # all of it, which takes no memory and shall not begin to
        return Pixels(bgr, all_of(bgr.shape[:2]))
    return Pixels(bgr, turn(pixels.valid, header.orientation))


def _decodes(content: bytes) -> bool:
    try:
        with_opencv(content)
    except NotDecoded:
        return False
    return True


def _check_codec(kind: str) -> None:
    """Check that a good image of this kind decodes here. Raises Unavailable."""
    dot = np.zeros((1, 1, 3), np.uint8)
    try:
        with_opencv(cv2.imencode(f".{kind.lower()}", dot)[1].tobytes())
    except (cv2.error, NotDecoded):
        raise Unavailable(f"this machine's OpenCV does not read {kind}") from None
    except MemoryError:
        raise Unavailable(f"not enough memory to decode a {kind}") from None
