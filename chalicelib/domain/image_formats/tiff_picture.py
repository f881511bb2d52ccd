"""What of a TIFF is its picture: the full one, its overviews and their masks; and what means no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import tiff
from chalicelib.domain.image_formats.tiff import Directory, ReadRange, read_header
from chalicelib.domain.image_formats.tiff_levels import Level, level_of


class Masked(NamedTuple):
    """A level, and the mask of its pixels that hold data, where it has one."""

    level: Level
    mask: Level | None
    is_mask_apart: bool = False  # it lies in the file beside


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffPicture:
    """A TIFF that can be read by window."""

    levels: tuple[Masked, ...]  # the full one, then its overviews, the coarsest last
    no_data: int | None  # where all colours of a pixel have this value it holds none
    tags: Directory  # of the full one: where it lies

    @property
    def full(self) -> Level:
        """The picture itself."""
        return self.levels[0].level


def read_picture(read: ReadRange, size: int, mask: tuple[ReadRange, int] | None = None) -> TiffPicture:
    """Read what is where in a TIFF of `size` bytes, and in the file of masks beside it. Raises BadImage."""
    header = read_header(read, size)
    levels, masks = _levels(header, size)
    full = levels[0]
    beside: list[Level] = []
    if mask is not None:
        found, masks_there = _levels(read_header(*mask), mask[1])
        beside = [level for level in (*found, *masks_there) if level.samples == 1]
        if not any(_is_same_size(level, full) for level in beside):
            raise BadImage("a TIFF whose mask beside it has another size")
    masked = []
    for level in levels:
        own = next((each for each in masks if _is_same_size(each, level)), None)
        apart = next((each for each in beside if _is_same_size(each, level)), None)
        masked.append(Masked(level, own or apart, is_mask_apart=own is None and apart is not None))
    if masked[0].mask is not None:  # an overview without one would show what the mask hides
        masked = [each for each in masked if each.mask is not None]
    tags = next(each for each in header.directories if not _kind(each) & 5)
    return TiffPicture(levels=tuple(masked), no_data=_no_data(tags, full.bits), tags=tags)


def _levels(header: tiff.Header, size: int) -> tuple[list[Level], list[Level]]:
    """Return the full picture and its overviews, the coarsest last; and the masks."""
    found = [
        (_kind(directory), level_of(directory, is_little=header.is_little, file_bytes=size))
        for directory in _pages(header)
    ]
    full = next((level for kind, level in found if not kind & 5), None)
    if full is None:
        raise BadImage("a damaged TIFF: it has nothing but overviews")
    overviews = [level for kind, level in found if kind & 1 and not level.is_mask]
    for level in overviews:
        _check_overview(level, full)
    return [full, *sorted(overviews, key=lambda each: -each.width)], [level for _, level in found if level.is_mask]


def _pages(header: tiff.Header) -> list[Directory]:
    """Return the directories of the first picture: of several in one file the others are not read."""
    first = next((place for place, each in enumerate(header.directories) if not _kind(each) & 5), 0)
    return [each for place, each in enumerate(header.directories) if place == first or _kind(each) & 5]


def _kind(directory: Directory) -> int:
    values = directory.get(tiff.SUBFILE_TYPE, tiff.NOTHING)
    return int(values[0]) if len(values) else 0


def _check_overview(level: Level, full: Level) -> None:
    is_alike = (level.samples, level.bits, level.alpha) == (full.samples, full.bits, full.alpha)
    askew = abs(level.width / full.width - level.height / full.height)
    if not is_alike or level.width > full.width or askew > 1 / full.width + 1 / full.height:
        raise BadImage(
            f"a damaged TIFF: an overview of {level.width}x{level.height} px is none of {full.width}x{full.height} px"
        )


def _is_same_size(one: Level, other: Level) -> bool:
    return (one.width, one.height) == (other.width, other.height)


def _no_data(tags: Directory, bits: int) -> int | None:
    """Return GDAL's value for no data, where a sample can have it."""
    try:
        value = float(tiff.text_of(tags.get(tiff.NO_DATA, tiff.NOTHING)).strip().replace(",", "."))
    except ValueError:
        return None
    return int(value) if value.is_integer() and 0 <= value < 1 << bits else None
