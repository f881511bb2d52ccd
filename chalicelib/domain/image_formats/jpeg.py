"""JPEG, ITU-T T.81, annex B: its markers, its frame, and whether all of its scans are there."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import exif
from chalicelib.domain.image_formats.facts import UPRIGHT, ImageHeader, turning_bytes

SIGNATURE = b"\xff\xd8\xff"
END = b"\xff\xd9"  # cannot occur in compressed pixels: 0xFF is followed there by 0x00 or a restart marker
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15: they state the size
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SCAN, _END, _APP1, _ADOBE = 0xDA, 0xD9, 0xE1, 0xEE
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # neither a stuffed byte nor a restart marker
_MOST_SCANS = 64  # a usual progressive one has about ten; each costs a pass over all of it
_FRAME = struct.Struct(">BHHB")


def segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the segments as far as the end marker: (marker, where its body begins, where its body ends).

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


def read(content: bytes) -> ImageHeader:
    """Read the header of a whole JPEG, and check its segments and scans. Raises BadImage."""
    frame: tuple[int, int, dict[int, tuple[int, int]]] | None = None  # width, height, component -> its sampling
    scans: list[bytes] = []
    is_progressive = is_inverted = False
    orientation, end = UPRIGHT, 0
    for marker, body, end in segments(content):
        if marker != _END and not body <= end <= len(content):
            raise BadImage("half a JPEG: it ends inside a segment")
        if marker in _FRAMES:
            if frame is not None:
                raise BadImage("a damaged JPEG: it states its size twice")
            frame, is_progressive = _frame(content[body:end]), marker in _PROGRESSIVE
        elif marker == _SCAN:
            scans.append(content[body:end])
        elif marker == _APP1 and orientation == UPRIGHT:
            orientation = _orientation(content[body:end])
        elif marker == _ADOBE and content[body : body + 5] == b"Adobe":
            is_inverted = True
    if frame is None or not scans:
        raise BadImage("half a JPEG: it has no pixels")
    width, height, sampling = frame
    _check_scans(scans, set(sampling), is_progressive=is_progressive)
    across, down = (max(each[axis] for each in sampling.values()) for axis in (0, 1))
    pixels, channels = width * height, len(sampling)
    padded = (width + 8 * across) * (height + 8 * down)  # whole blocks
    kept = sum(h * v for h, v in sampling.values()) * padded // (across * down) * 2  # coefficients, two bytes each
    return ImageHeader(
        format="JPEG",
        stored_width=width,
        stored_height=height,
        length=end,
        is_plain=False,
        decoding_bytes=pixels * (3 if channels != 4 else 8)
        + (kept if is_progressive or len(scans) > 1 else 0)
        + turning_bytes(pixels, 3, orientation),
        orientation=orientation,
        channels=channels,
        is_inverted=is_inverted,
        block=(8, 8) if channels == 1 else (8 * across, 8 * down),
    )


def size(head: bytes) -> tuple[int, int] | None:
    """Read (width, height), turned as it says, as soon as they are stated: nothing else has to be there or right."""
    orientation = UPRIGHT
    try:
        for marker, body, end in segments(head):
            if marker == _APP1 and orientation == UPRIGHT:
                orientation = _orientation(head[body:end])
            if marker in _FRAMES and body + 5 <= len(head):
                height, width = struct.unpack_from(">HH", head, body + 1)
                return (height, width) if orientation > 4 else (width, height)
    except BadImage:
        pass  # the head ends, or is damaged, before the size
    return None


def _frame(body: bytes) -> tuple[int, int, dict[int, tuple[int, int]]]:
    if len(body) < _FRAME.size:
        raise BadImage("a damaged JPEG: its header makes no sense")
    depth, height, width, count = _FRAME.unpack_from(body)
    if depth != 8 or not width or not height:
        raise BadImage(f"a JPEG of {depth} bits and {width}x{height} px cannot be used")
    parts = [body[at : at + 3] for at in range(_FRAME.size, len(body), 3)]
    sampling = {part[0]: (part[1] >> 4, part[1] & 15) for part in parts if len(part) == 3}
    if (
        len(sampling) != count
        or count not in (1, 3, 4)
        or not all(1 <= n <= 4 for each in sampling.values() for n in each)
    ):
        raise BadImage("a damaged JPEG: its header makes no sense")
    return width, height, sampling


def _orientation(body: bytes) -> int:
    return exif.orientation(body[6:]) if body[:6] == b"Exif\0\0" else UPRIGHT


def _check_scans(scans: list[bytes], components: set[int], *, is_progressive: bool) -> None:
    """Check that each component came, to its last bit: a decoder takes what is missing for zero, without a word."""
    if len(scans) > _MOST_SCANS:
        raise BadImage(f"a JPEG of {len(scans)} scans, more than {_MOST_SCANS}, is not read")
    missing_bits = {component: [16] * 64 for component in components}
    for scan in scans:
        count = scan[0] if scan else 0
        if len(scan) != 4 + 2 * count or not {scan[1 + 2 * n] for n in range(count)} <= components:
            raise BadImage("a damaged JPEG: one of its scans makes no sense")
        first, last, low = (scan[-3], scan[-2], scan[-1] & 15) if is_progressive else (0, 63, 0)
        for n in range(count):
            missing_bits[scan[1 + 2 * n]][first : last + 1] = [low] * len(range(first, min(last, 63) + 1))
    if any(any(bits) for bits in missing_bits.values()):
        raise BadImage("half a JPEG: some of its scans are missing")
