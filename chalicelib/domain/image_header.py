"""What the bytes of an image file tell without decoding: format, size, completeness. The only reader of headers.

OpenCV 4 decodes half a JPEG without a word, and a PNG of 48 KB into more than a gigabyte: so these questions are
settled on the bytes. What decoding itself finds out is `chalicelib.intake`.
"""

from __future__ import annotations

import struct

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import exif, jpeg, png, webp
from chalicelib.domain.image_formats.facts import SIDEWAYS, UPRIGHT, ImageHeader

HEAD_BYTES = 256 * 1024  # a JPEG may carry a colour profile and a thumbnail before it states its size
TAIL_BYTES = 4 * 1024  # some cameras write a few bytes of their own behind the end
_OTHERS = {
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"II+\0": "a BigTIFF",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"\0\0\0\x0cjP": "a JPEG 2000",
    b"\xff\x4f\xff\x51": "a JPEG 2000",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP",
    b"\x1f\x8b": "a gzip",
}  # first bytes -> what it is: named, since the file's own name says otherwise


class NotAnImage(ValueError):
    """The ends of a file are not those of a whole image; the message follows the file's name."""


def read_header(content: bytes) -> ImageHeader:
    """Read the header of a whole file, and check that the file is complete. Raises BadImage."""
    if content.startswith(png.SIGNATURE):
        return png.read(content)
    if content.startswith(jpeg.SIGNATURE):
        return jpeg.read(content)
    if webp.is_webp(content):
        return webp.read(content)
    if not content:
        raise BadImage("not an image: it is empty")
    other = next((what for start, what in _OTHERS.items() if content.startswith(start)), None)
    if other is not None:
        raise BadImage(f"{other}, which is not read: PNG, JPEG and WebP are")
    begin = content[:12].decode("ascii", "backslashreplace").strip()
    raise BadImage(f"not an image: it begins with {begin!r}")


def read_size(head: bytes, tail: bytes = b"") -> tuple[int, int]:
    """Read (width, height) in pixels, turned as Exif says, from the first HEAD_BYTES and last TAIL_BYTES of a file.

    Raises NotAnImage.
    """
    size: tuple[int, int] | None = None
    if head.startswith(png.SIGNATURE) and len(head) >= 24 and head[12:16] == b"IHDR":
        width, height = struct.unpack_from(">II", head, 16)
        size = (width, height)
        if _orientation(b"eXIf", head, tail, skipped=(4,)) in SIDEWAYS:
            size = (height, width)
    elif head.startswith(jpeg.SIGNATURE):
        size = jpeg.size(head)
        if size is None:
            raise NotAnImage("is a JPEG that does not say its size")
    elif webp.is_webp(head):
        size = webp.size(head)
        if size is None:
            raise NotAnImage("is a WebP that does not say its size, or an animated one")
        if _orientation(b"EXIF", head, tail, skipped=(8, 14)) in SIDEWAYS:
            size = size[::-1]
    if size is None:
        raise NotAnImage("is no PNG, JPEG or WebP")
    if not all(size):
        raise NotAnImage("says that it has no pixels")
    return size


def _orientation(chunk: bytes, *parts: bytes, skipped: tuple[int, ...]) -> int:
    """Look for a chunk of Exif, whose block begins so many bytes behind its name; by chance nothing looks like one."""
    for part in parts:
        at = part.find(chunk)
        if at >= 0:
            found = max(exif.orientation(part[at + skip :]) for skip in skipped)
            if found != UPRIGHT:
                return found
    return UPRIGHT


def check_ends(head: bytes, tail: bytes, *, size: int) -> None:
    """Check that a file is not cut off, from its first and last bytes and its size. Raises NotAnImage."""
    if webp.is_webp(head):  # it has no end marker, and says how long it is
        is_whole = 8 + int.from_bytes(head[4:8], "little") <= size
    else:
        is_whole = (png.END if head.startswith(png.SIGNATURE) else jpeg.END) in tail
    if not is_whole:
        raise NotAnImage("is cut off, or still being written")
