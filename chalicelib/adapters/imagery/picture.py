"""What a file is by its first and last bytes, whatever its name says; and of a picture, how large it shows itself."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.geotiff_tags import Placed, placed_by_tags
from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.facts import MAX_BYTES
from chalicelib.domain.image_formats.tiff import ReadRange, is_tiff
from chalicelib.domain.image_formats.tiff_picture import read_picture as read_tiff
from chalicelib.domain.image_header import NotAnImage, check_ends, read_size

MAX_SIDE_PX = 20_000
TO_PNG = (
    "turn it into a PNG: gdalwarp -t_srs EPSG:3857 -dstalpha IN OUT.tif, then gdal_translate -of PNG OUT.tif OUT.png"
)
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
    b"<svg": "SVG",
    b"8BPS": "a Photoshop file",
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL ": "JPEG XL",
    b"version https://git-lfs": "a pointer of Git LFS",
}
_RASTERS = frozenset({"a TIFF", "a BigTIFF", "JPEG 2000", "a GIF", "a BMP", "HDF5"})


class Picture(NamedTuple):
    """A picture's format, and its size in pixels as every viewer shows it."""

    format: str  # PNG, JPEG, WebP or GeoTIFF
    width: int
    height: int
    placed: Placed | None = None  # of a GeoTIFF: where it lies by its own tags, if they say so
    found: StoredFile | None = None  # on another machine: which version of it was read


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
        remedy = TO_PNG if kind in _RASTERS else "put the picture itself there"
        raise BadItem(f"its picture is no PNG, JPEG or WebP but {kind}", named=name, remedy=remedy)
    try:
        width, height = read_size(head, tail)
        check_ends(head, tail, size=size)
    except NotAnImage as bad:
        raise BadItem(f"its picture {bad}", named=name) from None
    taken = size + 3 * width * height  # at least: the intake knows what else its kind takes
    if max(width, height) > MAX_SIDE_PX or taken > MAX_BYTES:
        raise BadItem(
            f"its picture is too large with {width} x {height} px and {size / 1e6:.0f} MB: at most {MAX_SIDE_PX} px a "
            f"side, and {MAX_BYTES / 1e6:.0f} MB with its decoded pixels, this takes {taken / 1e6:.0f} MB; cut it into "
            "several items",
            named=name,
        )
    return Picture(kind, width, height)


def read_stored(ends: tuple[bytes, bytes], read: ReadRange, *, size: int, name: str) -> Picture:
    """Read a picture from the ends of its file and, of a GeoTIFF, by ranges. Raises BadItem, and what `read` raises."""
    head, tail = ends
    if not is_tiff(head):
        return read_picture(head, tail, size=size, name=name)

    def known(at: int, length: int) -> bytes:
        return head[at : at + length] if at + length <= len(head) else read(at, length)

    try:
        picture = read_tiff(known, size)
        full = picture.full
        return Picture("GeoTIFF", full.width, full.height, placed_by_tags(picture.tags, full.width, full.height))
    except BadImage as bad:
        raise BadItem(f"its picture is {bad.reason}", named=name) from None
