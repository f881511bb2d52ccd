"""Image files of every kind that the intake reads, and what becomes of files: cut, closed, mixed up."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np

PNG = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # samples a pixel -> PNG's colour type


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def encoded(kind: str, pixels: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(f".{kind}", pixels, options)[1].tobytes()


def png_of(pixels: np.ndarray, *, interlaced: bool = False, before: bytes = b"", colour: int | None = None) -> bytes:
    """Write any samples (height, width, 1 to 4), red first, of 8 or 16 bits; `before` are chunks before the pixels."""
    height, width, samples = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    colour = COLOURS[samples] if colour is None else colour
    big = pixels.astype(">u2") if depth == 16 else pixels
    rows = b""
    for left, top, step_x, step_y in ADAM7 if interlaced else ((0, 0, 1, 1),):
        part = big[top::step_y, left::step_x]
        if part.size:
            rows += b"".join(b"\0" + row.tobytes() for row in part)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return PNG + header + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def palette_png(pixels: np.ndarray, *, transparent: int | None = None) -> bytes:
    """Write an image in 216 colours; one entry may be transparent."""
    levels = np.round(pixels[:, :, ::-1] / 51.0).astype(np.uint8)
    index = (levels[:, :, :1] * 36 + levels[:, :, 1:2] * 6 + levels[:, :, 2:]).astype(np.uint8)
    colours = bytes(51 * n for i in range(216) for n in (i // 36, i // 6 % 6, i % 6))
    before = chunk(b"PLTE", colours)
    if transparent is not None:
        before += chunk(b"tRNS", bytes(0 if n == transparent else 255 for n in range(216)))
    return png_of(index, before=before, colour=3)


def exif(orientation: int) -> bytes:
    """Give a TIFF block that says nothing else."""
    return b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", orientation, 0) + bytes(4)


def with_orientation(content: bytes, orientation: int) -> bytes:
    """Give a PNG, JPEG or WebP a note of how its camera was held."""
    note = exif(orientation)
    if content.startswith(PNG):
        return content[:33] + chunk(b"eXIf", note) + content[33:]
    if content.startswith(b"\xff\xd8"):
        body = b"Exif\0\0" + note
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    size = (image.shape[1] - 1).to_bytes(3, "little") + (image.shape[0] - 1).to_bytes(3, "little")
    rest = content[12:] + riff(b"EXIF", note)
    return whole_webp(riff(b"VP8X", b"\x08\0\0\0" + size) + rest)


def riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def whole_webp(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def closed(content: bytes, at: int) -> bytes:
    """Cut a file and close it, so that its structure is in order again."""
    if content.startswith(b"\xff\xd8"):
        return content[:at] + b"\xff\xd9"
    if content.startswith(PNG):
        body = content.index(b"IDAT") + 4
        return content[: body - 8] + chunk(b"IDAT", content[body : max(at, body + 1)]) + chunk(b"IEND", b"")
    name = content.index(b"VP8L" if b"VP8L" in content[:40] else b"VP8 ", 12)
    data = content[name + 8 : max(at, name + 40)]
    return whole_webp(content[12:name] + riff(content[name : name + 4], data))


def lying(content: bytes, *, width: float, height: float) -> bytes:
    """Let a file state another size, as multiples of its own; all else is in order."""

    def scaled(at: int, form: str, *by: float, bits: int = 31) -> bytes:
        stated = struct.unpack_from(form, content, at)
        sizes = [max(1, min(2**bits - 1, round(size * times))) for size, times in zip(stated, by, strict=True)]
        return content[:at] + struct.pack(form, *sizes) + content[at + struct.calcsize(form) :]

    if content.startswith(PNG):
        content = scaled(16, ">II", width, height)
        return PNG + chunk(b"IHDR", content[16:29]) + content[33:]
    if content.startswith(b"\xff\xd8"):
        frame = next(at for at in range(2, len(content)) if content[at : at + 2] in (b"\xff\xc0", b"\xff\xc2"))
        return scaled(frame + 5, ">HH", height, width, bits=16)
    at = content.index(b"VP8L" if b"VP8L" in content[:40] else b"VP8 ", 12) + 8
    if content[at - 8 : at - 4] == b"VP8 ":
        return scaled(at + 6, "<HH", width, height, bits=14)
    (packed,) = struct.unpack_from("<I", content, at + 1)
    wide = min(2**14, max(1, round(((packed & 0x3FFF) + 1) * width))) - 1
    high = min(2**14, max(1, round(((packed >> 14 & 0x3FFF) + 1) * height))) - 1
    return content[: at + 1] + struct.pack("<I", packed >> 28 << 28 | high << 14 | wide) + content[at + 5 :]


def pixels_begin(content: bytes) -> int:
    """Return where the packed pixels of a file begin."""
    if content.startswith(PNG):
        return content.index(b"IDAT") + 4
    if content.startswith(b"\xff\xd8"):
        at = content.index(b"\xff\xda")
        return at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return content.index(b"VP8L" if b"VP8L" in content[:40] else b"VP8 ", 12) + 18


def every_kind(land: np.ndarray) -> dict[str, bytes]:
    """Encode an image (blue, green, red) as each kind that is read."""
    wide = land[:, :, ::-1]
    alpha = np.full((*land.shape[:2], 1), 255, np.uint8)
    alpha[:8] = 0
    quality, sampling = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR
    return {
        "PNG": encoded("png", land),
        "PNG alpha": encoded("png", np.dstack([land, alpha])),
        "PNG 16 bits": encoded("png", land.astype(np.uint16) * 257),
        "PNG palette": palette_png(land),
        "PNG interlaced": png_of(wide, interlaced=True),
        "JPEG 4:2:0": encoded("jpg", land, quality, 85),
        "JPEG 4:4:4": encoded("jpg", land, quality, 92, sampling, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
        "JPEG grey": encoded("jpg", land[:, :, 1], quality, 85),
        "JPEG restarts": encoded("jpg", land, quality, 85, cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
        "JPEG progressive": encoded("jpg", land, quality, 85, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "WebP": encoded("webp", land, cv2.IMWRITE_WEBP_QUALITY, 80),
        "WebP lossless": encoded("webp", land, cv2.IMWRITE_WEBP_QUALITY, 101),
        "WebP alpha": encoded("webp", np.dstack([land, alpha]), cv2.IMWRITE_WEBP_QUALITY, 80),
    }
