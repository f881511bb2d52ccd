"""What a file is by its first and last bytes, whatever its name says; and of a picture, how large it shows itself."""

from __future__ import annotations

import struct
from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.domain.image_header import NotAnImage, check_ends, read_size

MAX_SIDE_PX = 20_000
MAX_PIXELS = 200_000_000
MAX_IMAGE_BYTES = 1_000_000_000
TO_PNG = (
    "turn it into a PNG: gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif, then gdal_translate -of PNG OUT.tif OUT.png"
)
LATER = "GeoTIFF is not read; it is read from a later release on"
_FORMATS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_OTHERS = {
    b"II*\x00": "a TIFF",
    b"MM\x00*": "a TIFF",
    b"II+\x00": "a BigTIFF",
    b"MM\x00+": "a BigTIFF",
    b"\x00\x00\x00\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP file",
    b"\x1f\x8b": "a gzip file",
    b"\x89HDF": "HDF5",
    b"{": "JSON",
    b"<?xml": "XML",
}
_RASTERS = frozenset({"a TIFF", "a BigTIFF", "JPEG 2000", "a GIF", "a BMP", "HDF5"})
_TURNED = range(5, 9)  # EXIF's orientations that lie on their side


class Picture(NamedTuple):
    """A picture's format, and its size in pixels as every viewer shows it."""

    format: str  # PNG, JPEG or WebP
    width: int
    height: int


def kind_of(head: bytes) -> str:
    """Return PNG, JPEG or WebP; else what it is, in words.

    >>> kind_of(b"II*"), kind_of(b"II*" + bytes(9)), kind_of(b"<!doctype html>")
    ("something that begins with 'II*'", 'a TIFF', 'a web page')
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    for begin, name in (_FORMATS | _OTHERS).items():
        if head.startswith(begin):
            return name
    if head[4:8] == b"ftyp":
        return f"a file of the kind {head[8:12].decode('ascii', 'replace')}"
    if head[:200].lstrip().lower().startswith((b"<html", b"<!doctype html")):
        return "a web page"
    if not head.strip(b"\x00"):
        return "empty" if not head else "a file of zeros"
    return f"something that begins with {head[:12].decode('ascii', 'backslashreplace').strip()!r}"


def read_picture(head: bytes, tail: bytes, *, size: int, name: str) -> Picture:
    """Read a picture from the first HEAD_BYTES and the last TAIL_BYTES of its file. Raises BadItem."""
    kind = kind_of(head)
    if kind not in {"PNG", "JPEG", "WebP"}:
        later = f"; {LATER}" if "TIFF" in kind else ""
        remedy = TO_PNG if kind in _RASTERS else "put the picture itself there"
        raise BadItem(f"its picture is no PNG, JPEG or WebP but {kind}{later}", named=name, remedy=remedy)
    try:
        if kind == "WebP":
            width, height = _webp_size(head, size)
        else:
            width, height = read_size(head)
            check_ends(head, tail)
    except NotAnImage as bad:
        raise BadItem(f"its picture {bad}", named=name) from None
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS or size > MAX_IMAGE_BYTES:
        raise BadItem(
            f"its picture is too large with {width} x {height} px: at most {MAX_SIDE_PX} px a side "
            f"and {MAX_PIXELS // 1_000_000} million in all; cut it into several items",
            named=name,
        )
    return Picture(kind, height, width) if _orientation(head) in _TURNED else Picture(kind, width, height)


def _webp_size(head: bytes, size: int) -> tuple[int, int]:
    """Read (width, height) of a WebP (RFC 9649). Raises NotAnImage."""
    if len(head) < 30 or 8 + int.from_bytes(head[4:8], "little") > size:
        raise NotAnImage("is cut off, or still being written")
    kind = head[12:16]
    if kind == b"VP8X":
        if head[20] & 2:
            raise NotAnImage("is animated")
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", head, 26))
    else:
        width, height = 0, 0
    if not (width and height):
        raise NotAnImage("is a WebP that does not say its size")
    return width, height


def _orientation(head: bytes) -> int:
    """Return the orientation that EXIF states, 1 to 8; 1 where it states none."""
    at = head.find(b"Exif\x00\x00", 0, 64 * 1024)
    tiff = head[at + 6 : at + 6 + 64 * 1024] if at >= 0 else b""
    if at < 0 and (at := head.find(b"eXIf", 0, 64 * 1024)) >= 0:  # of a PNG
        tiff = head[at + 4 : at + 4 + 64 * 1024]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is not None:
            (first,) = struct.unpack_from(f"{order}I", tiff, 4)
            (count,) = struct.unpack_from(f"{order}H", tiff, first)
            for entry in range(first + 2, first + 2 + 12 * min(count, 100), 12):
                tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
                if (tag, kind) == (0x0112, 3):
                    return int(value)
    except struct.error:
        pass  # cut short: it says nothing
    return 1
