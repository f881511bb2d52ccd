"""TIFF and BigTIFF: the directories of a file and the values of their tags, read by ranges and within bounds.

Source: TIFF 6.0; BigTIFF as libtiff writes it; OGC 19-008r4 (GeoTIFF 1.1). Whatever a file says of itself may be a lie:
counts are bounded before they are read, and offsets lie within the file.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from chalicelib.domain.errors import BadImage

ReadRange = Callable[[int, int], bytes]
"""Reads (offset, length) of one file: exactly so many bytes, all of them inside the file."""

AHEAD_BYTES = 64 * 1024  # read at once: what a Cloud-Optimized GeoTIFF says of itself, mostly
_MOST_BYTES = 48_000_000  # of all that is read of directories and their tags
_MOST_DIRECTORIES = 100
_MOST_TAGS = 500
_MOST_BLOCKS = 2_000_000  # values of one tag, where these are places of blocks
_MOST_VALUES = 200_000  # of any other one

# The tags that are understood, by the names of the specifications.
SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 317, 320, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 338, 339, 347
PIXEL_SCALE, TIEPOINTS, TRANSFORMATION, GEO_KEYS, GEO_DOUBLES, GEO_TEXTS = 33550, 33922, 34264, 34735, 34736, 34737
NO_DATA, DATE_TIME = 42113, 306
_TEXT, _MOST_OF_DATE = 2, 40
_BLOCKS = frozenset({STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES})
_KNOWN = _BLOCKS | {
    *(SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, SAMPLES, ROWS_PER_STRIP, PLANAR),
    *(PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, NO_DATA),
    *(PIXEL_SCALE, TIEPOINTS, TRANSFORMATION, GEO_KEYS, GEO_DOUBLES, GEO_TEXTS),
    DATE_TIME,
}
# Types of values by their codes: what `array` calls them, on all machines that Python runs on.
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B", 12: "d", 16: "Q"}

Values: TypeAlias = "array[Any]"  # text: Python 3.11 cannot subscribe it
NOTHING: Values = array("B")
Directory = Mapping[int, Values]
"""The values of the tags that are understood."""


class Header(NamedTuple):
    """What a file says of itself: its directories, in their order."""

    is_little: bool  # the order of bytes, of samples too
    directories: tuple[Directory, ...]


class _Layout(NamedTuple):
    order: str  # of bytes, as `struct` has it
    counted: str  # how a directory counts its tags
    entry: str  # a tag: its code, type, count of values
    field: int  # bytes of a value that stands in the entry itself
    offset: str


def is_tiff(head: bytes) -> bool:
    """Tell whether a file begins as one."""
    return head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}


def read_header(read: ReadRange, size: int) -> Header:
    """Read the directories of a file of `size` bytes. Raises BadImage, and what `read` raises."""
    source = _Source(read, size)
    head = source.get(0, 8)
    if not is_tiff(head):
        raise BadImage("not a TIFF")
    order = "<" if head[:2] == b"II" else ">"
    if head[2:4] in (b"*\0", b"\0*"):
        layout = _Layout(order, "H", "HHI", 4, "I")
        (at,) = struct.unpack(f"{order}I", head[4:8])
    else:
        layout = _Layout(order, "Q", "HHQ", 8, "Q")
        sizes, _, at = struct.unpack(f"{order}HHQ", source.get(4, 12))
        if sizes != 8:
            raise BadImage("a damaged TIFF: a BigTIFF whose offsets are of another size")
    directories: list[Directory] = []
    seen: set[int] = set()
    while at:
        if at in seen:
            raise BadImage("a damaged TIFF: its directories run in a circle")
        if len(seen) == _MOST_DIRECTORIES:
            raise BadImage(f"a TIFF of more than {_MOST_DIRECTORIES} directories, which is not read")
        seen.add(at)
        directory, at = _directory(source, layout, at)
        directories.append(directory)
    if not directories:
        raise BadImage("a damaged TIFF: it has no directory")
    return Header(order == "<", tuple(directories))


class _Source:
    """A file's bytes, some read ahead: neighbouring tags cost one request."""

    def __init__(self, read: ReadRange, size: int) -> None:
        self._read, self._size = read, size
        self._kept: list[tuple[int, bytes]] = []
        self._left = _MOST_BYTES

    def get(self, at: int, length: int) -> bytes:
        if at < 0 or length < 0 or at + length > self._size:
            raise BadImage("half a TIFF: it is shorter than it says")
        for begin, content in reversed(self._kept):
            if begin <= at and at + length <= begin + len(content):
                return content[at - begin : at - begin + length]
        wanted = min(max(length, AHEAD_BYTES), self._size - at)
        self._left -= wanted
        if self._left < 0:
            raise BadImage("a TIFF whose directories are too large to read")
        content = self._read(at, wanted)
        if len(content) != wanted:
            raise BadImage("half a TIFF: it is shorter than it says")
        self._kept.append((at, content))
        return content[:length]


def _directory(source: _Source, layout: _Layout, at: int) -> tuple[Directory, int]:
    """Return a directory, and where the next one lies; 0 behind the last one."""
    step = struct.calcsize("=" + layout.entry) + layout.field
    counted = struct.calcsize("=" + layout.counted)
    (count,) = struct.unpack(layout.order + layout.counted, source.get(at, counted))
    if not 1 <= count <= _MOST_TAGS:
        raise BadImage(f"a damaged TIFF: a directory of {count} tags")
    end = at + counted + count * step
    entries = source.get(at + counted, count * step)
    found: dict[int, Values] = {}
    for place in range(count):
        tag, kind, values = struct.unpack_from(layout.order + layout.entry, entries, place * step)
        is_odd_date = tag == DATE_TIME and (kind != _TEXT or values > _MOST_OF_DATE)  # no reason to refuse a picture
        if tag in _KNOWN and not is_odd_date:
            field = entries[(place + 1) * step - layout.field : (place + 1) * step]
            found[tag] = _values(source, layout, (tag, kind, values), field)
    following = source.get(end, layout.field)
    return found, struct.unpack(layout.order + layout.offset, following)[0]


def _values(source: _Source, layout: _Layout, entry: tuple[int, int, int], field: bytes) -> Values:
    tag, kind, count = entry
    code = _TYPES.get(kind)
    if code is None:
        raise BadImage(f"a damaged TIFF: its tag {tag} is of the type {kind}")
    if count > (_MOST_BLOCKS if tag in _BLOCKS else _MOST_VALUES):
        raise BadImage(f"a TIFF whose tag {tag} has {count} values: more than are read")
    values: Values = array(code)
    length = count * values.itemsize
    if length > layout.field:
        content = source.get(struct.unpack(layout.order + layout.offset, field)[0], length)
    else:
        content = field[:length]
    values.frombytes(content)
    if (layout.order == "<") != (sys.byteorder == "little"):
        values.byteswap()
    return values


def text_of(values: Values) -> str:
    """Return the text of a tag's bytes, as far as the first zero."""
    return bytes(values).split(b"\0", 1)[0].decode("utf-8", "replace") if values.typecode == "B" else ""
