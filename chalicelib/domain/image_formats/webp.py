"""WebP: its container (RFC 9649) and the headers of its two kinds of pictures (RFC 6386, RFC 9649)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import exif
from chalicelib.domain.image_formats.facts import UPRIGHT, ImageHeader, turning_bytes

_ANIMATED, _ALPHA = 2, 16
_HEADS = 64 * 1024  # of each chunk: Exif's notes are no longer


def is_webp(content: bytes) -> bool:
    """Tell whether a file begins as one."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, where its body begins, where its body ends) as far as the container goes. Raises BadImage."""
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise BadImage("half a WebP: it is shorter than it says")
    at = 12
    while at < end:
        if at + 8 > end:
            raise BadImage("a damaged WebP: it ends inside a chunk")
        name, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > end:
            raise BadImage("half a WebP: it ends inside a chunk")
        yield name, at + 8, at + 8 + length
        at += 8 + length + length % 2


def read(content: bytes) -> ImageHeader:
    """Read the header of a whole WebP, and check its chunks. Raises BadImage."""
    if len(content) < 30:
        raise BadImage("half a WebP: it ends inside its header")
    parts = [(name, content[body : min(end, body + _HEADS)]) for name, body, end in chunks(content)]
    names = [name for name, _ in parts]
    if names[0] not in (b"VP8 ", b"VP8L", b"VP8X"):
        raise BadImage("a damaged WebP: it does not begin with its picture")
    if b"ANIM" in names or b"ANMF" in names:
        raise BadImage("an animated WebP, not a picture")
    canvas = _canvas(parts[0][1]) if names[0] == b"VP8X" else None
    pictures = [_lossy(body) for name, body in parts if name == b"VP8 "]
    pictures += [_lossless(body) for name, body in parts if name == b"VP8L"]
    if len(pictures) != 1:
        raise BadImage("half a WebP: it has no pixels" if not pictures else "a damaged WebP: it has several pictures")
    [(width, height, has_alpha)] = pictures
    if not width or not height or canvas not in (None, (width, height)):
        raise BadImage("a damaged WebP: its header makes no sense")
    has_alpha = has_alpha or (canvas is not None and bool(parts[0][1][0] & _ALPHA))
    notes = [exif.orientation(body.removeprefix(b"Exif\0\0")) for name, body in parts if name == b"EXIF"]
    orientation = notes[0] if notes else UPRIGHT
    channels = 3 + has_alpha
    return ImageHeader(
        format="WebP",
        stored_width=width,
        stored_height=height,
        length=8 + int.from_bytes(content[4:8], "little"),
        is_plain=False,
        decoding_bytes=width * height * (2 * channels + 4)  # OpenCV keeps it twice; what cannot be lossy, four more
        + turning_bytes(width * height, channels, orientation),
        orientation=orientation,
        channels=channels,
        has_alpha=has_alpha,
    )


def size(head: bytes) -> tuple[int, int] | None:
    """Read (width, height) from the first bytes, as stored: how it lies is told at the end. None if it is not there."""
    kind, body = head[12:16], head[20:30]
    try:
        if kind == b"VP8 ":
            return _lossy(body)[:2]
        return _lossless(body)[:2] if kind == b"VP8L" else _canvas(body) if kind == b"VP8X" else None
    except BadImage:
        return None


def without_its_last(content: bytes, count: int) -> bytes | None:
    """Return the file with the last bytes of its picture's data away, all lengths right; None if there are not so many.

    A whole picture needs its data to the end: where it decodes without, what it was decoded from was not its own.
    """
    for name, body, end in chunks(content):
        if name in (b"VP8 ", b"VP8L") and end - body > count + 16:
            data = content[body : end - count]
            kept = content[12 : body - 8] + name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
            return b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP" + kept
    return None


def _canvas(body: bytes) -> tuple[int, int]:
    if len(body) < 10:
        raise BadImage("a damaged WebP: its header makes no sense")
    if body[0] & _ANIMATED:
        raise BadImage("an animated WebP, not a picture")
    return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1


def _lossy(head: bytes) -> tuple[int, int, bool]:
    if len(head) < 10 or head[3:6] != b"\x9d\x01\x2a":
        raise BadImage("a damaged WebP: its header makes no sense")
    width, height = struct.unpack_from("<HH", head, 6)
    return width & 0x3FFF, height & 0x3FFF, False


def _lossless(head: bytes) -> tuple[int, int, bool]:
    if len(head) < 5 or head[0] != 0x2F:
        raise BadImage("a damaged WebP: its header makes no sense")
    bits = int.from_bytes(head[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
