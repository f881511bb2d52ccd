"""Read a TIFF by window: the blocks that hold it, fetched in few ranges and unpacked once each."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.tiff import ReadRange
from chalicelib.domain.image_formats.tiff_levels import GREY_FROM_WHITE, PALETTE, Level
from chalicelib.domain.image_formats.tiff_picture import TiffPicture
from chalicelib.intake.block_ranges import Place, fetched_in_ranges
from chalicelib.intake.pixels import Pixels, bits_of, in_any_channel, to_pixels
from chalicelib.intake.tiff_blocks import unpack

KEPT_BYTES = 64_000_000  # of blocks that were unpacked last
_WHOLE_BYTES, _OVERVIEW_BYTES, _SAMPLED_BLOCKS = 16_000_000, 4_000_000, 24  # read to know how bright a file is
_MOST_ABOVE = 0.2  # of the pixels of a picture: those of a sensor that fills 16 bits from above are nearly all
_GLINTS = 0.001  # of the pixels: a roof that mirrors the sun says nothing of how bright all the others are


class Window(NamedTuple):
    """Some of a level's pixels: from the first row and column up to those behind the last ones."""

    top: int
    bottom: int
    left: int
    right: int


class Blocks:
    """Blocks that were unpacked last, of any files: neighbouring views read the same ones."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[tuple[object, ...], NDArray[Any]] = OrderedDict()
        self._bytes, self._most = 0, most_bytes
        self._lock = threading.Lock()

    def get(self, key: tuple[object, ...]) -> NDArray[Any] | None:
        """Return a block, if it is still there."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[object, ...], block: NDArray[Any]) -> None:
        """Keep a block, which nobody may write to any more; the ones that were not used for longest go."""
        with self._lock:
            if key in self._kept or block.nbytes > self._most:
                return
            self._kept[key] = block
            self._bytes += block.nbytes
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes


class TiffFile:
    """A TIFF whose header was read; `key` tells its content from all others'."""

    def __init__(
        self,
        picture: TiffPicture,
        read: ReadRange,
        *,
        key: object,
        blocks: Blocks,
        read_mask: ReadRange | None = None,
        bits: int | None = None,
    ) -> None:
        self.picture = picture
        self._read, self._read_mask = read, read_mask or read
        self._key, self._blocks = key, blocks
        self._stated = bits
        self._bits: int | None = None

    def samples(self, place: int, window: Window) -> NDArray[Any]:
        """Return the samples of a window of a level as they are stored: (rows, columns, samples). Raises BadImage."""
        return self._window(self.picture.levels[place].level, self._read, ("level", place), window)

    def masked(self, place: int, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the same with which pixels hold data, by mask, alpha and the value for none. Raises BadImage."""
        samples = self.samples(place, window)
        return samples, self._valid(place, window, samples)

    def pixels(self, place: int, window: Window) -> Pixels:
        """Return a window in 8-bit colours, 16-bit ones on the scale of the whole file. Raises BadImage."""
        level = self.picture.levels[place].level
        samples, valid = self.masked(place, window)
        bits = self.bits() if level.bits == 16 else None
        pixels = to_pixels(_bgr(level, samples), bits=bits)
        return Pixels(pixels.bgr, pixels.valid & valid)

    def bits(self) -> int:
        """Return of how many bits its 16-bit values are: of the whole file, so all windows of it look alike.

        As it is stated, unless so many of its values are above that as no roofs are.
        """
        if self._bits is None:
            stated = self._stated
            if stated is None or self.brightest(leaving=_MOST_ABOVE) >= 1 << stated:
                stated = bits_of(self.brightest(leaving=_GLINTS))
            self._bits = stated
        return self._bits

    def brightest(self, *, leaving: float) -> int:
        """Return the 16-bit value above which at most this share of its pixels have a colour."""
        counts = sum((self._counted(place, window) for place, window in self._sampled()), np.zeros(65_537, np.int64))
        above = counts[::-1].cumsum()[::-1]  # how many pixels have a colour of this value, or a higher one
        return max(0, int(np.argmax(above <= leaving * above[0])) - 1)

    def _sampled(self) -> Iterator[tuple[int, Window]]:
        """Yield windows that tell how bright a file is, in few ranges: the same ones whatever view is asked for."""
        most = [_WHOLE_BYTES, *[_OVERVIEW_BYTES] * len(self.picture.levels)]
        small = [place for place, each in enumerate(self.picture.levels) if _bytes(each.level) <= most[place]]
        place = small[0] if small else len(self.picture.levels) - 1
        level = self.picture.levels[place].level
        if small:
            yield place, Window(0, level.height, 0, level.width)
            return
        count = level.across * level.down
        step = max(1, -(-count // _SAMPLED_BLOCKS))
        for at in range(step // 2, count, step):
            top, left = at // level.across * level.block_height, at % level.across * level.block_width
            bottom, right = min(level.height, top + level.block_height), min(level.width, left + level.block_width)
            yield place, Window(top, bottom, left, right)

    def _counted(self, place: int, window: Window) -> NDArray[np.int64]:
        """Return how many pixels of a window have each value as their brightest colour."""
        level = self.picture.levels[place].level
        samples, valid = self.masked(place, window)
        colours = _bgr(level, samples)
        colours = colours[:, :, : colours.shape[2] - (level.alpha is not None)]
        valid &= in_any_channel(colours < 65_535)
        return np.bincount(colours.max(axis=2)[valid], minlength=65_537)

    def _valid(self, place: int, window: Window, samples: NDArray[Any]) -> NDArray[np.bool_]:
        masked = self.picture.levels[place]
        colours = _colours(masked.level)
        valid = np.ones(samples.shape[:2], np.bool_)
        if self.picture.no_data is not None:
            valid &= in_any_channel(samples[:, :, colours] != self.picture.no_data)
        if masked.level.alpha is not None:
            valid &= samples[:, :, masked.level.alpha] > 0
        if masked.mask is not None:
            read = self._read_mask if masked.is_mask_apart else self._read
            valid &= self._window(masked.mask, read, ("mask", place), window)[:, :, 0] > 0
        return valid

    def _window(self, level: Level, read: ReadRange, name: tuple[object, ...], window: Window) -> NDArray[Any]:
        top, bottom, left, right = window
        kind = np.uint16 if level.bits == 16 else np.uint8
        image = np.zeros((bottom - top, right - left, level.samples), kind)
        wanted = [
            (down, across, plane)
            for plane in range(level.samples if level.is_planar else 1)
            for down in range(top // level.block_height, (bottom - 1) // level.block_height + 1)
            for across in range(left // level.block_width, (right - 1) // level.block_width + 1)
        ]
        for (down, across, plane), block in self._unpacked(level, read, name, wanted):
            if block is None:
                continue
            y, x = down * level.block_height, across * level.block_width
            rows = slice(max(top, y), min(bottom, y + block.shape[0]))
            columns = slice(max(left, x), min(right, x + block.shape[1]))
            part = block[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
            channels = slice(plane, plane + 1) if level.is_planar else slice(None)
            image[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left, channels] = part
        return image

    def _unpacked(
        self, level: Level, read: ReadRange, name: tuple[object, ...], wanted: list[Place]
    ) -> Iterator[tuple[Place, NDArray[Any] | None]]:
        """Yield blocks with their places; None for one that the file leaves out, as it may where it says no data."""
        fetched: list[tuple[int, int, Place]] = []
        for place in wanted:
            known = self._blocks.get((self._key, name, place))
            if known is not None:
                yield place, known
                continue
            down, across, plane = place
            number = (plane * level.down + down) * level.across + across
            at, length = int(level.offsets[number]), int(level.lengths[number])
            if at and length:
                fetched.append((at, length, place))
            elif self._may_leave_out(level):
                yield place, self._left_out(level)
            else:
                raise BadImage("a damaged TIFF: one of its blocks is missing")
        for content, (_, _, place) in fetched_in_ranges(sorted(fetched), read):
            block = unpack(content, level, level.rows_of(place[0]))
            self._blocks.put((self._key, name, place), block)
            yield place, block

    def _may_leave_out(self, level: Level) -> bool:
        return level.is_mask or level.alpha is not None or self.picture.no_data is not None

    def _left_out(self, level: Level) -> NDArray[Any] | None:
        no_data = self.picture.no_data
        if not no_data or level.is_mask:
            return None  # zeros: masked, or transparent
        shape = (level.block_height, level.block_width, level.block_samples)
        return np.full(shape, no_data, np.uint16 if level.bits == 16 else np.uint8)


def _colours(level: Level) -> list[int]:
    """Return which samples are colours: the first three, or the first alone."""
    seen = [place for place in range(level.samples) if place != level.alpha]
    return seen[:3] if len(seen) >= 3 else seen[:1]


def _bgr(level: Level, samples: NDArray[Any]) -> NDArray[Any]:
    """Return blue, green, red or grey, and alpha where there is one."""
    places = _colours(level)[::-1]
    if level.photometric == PALETTE and level.colours is not None:
        table = (np.array(level.colours, np.uint16).reshape(3, -1).T >> 8).astype(np.uint8)[:, ::-1]
        colours = table[samples[:, :, 0]]
        return np.dstack([colours, samples[:, :, level.alpha]]) if level.alpha is not None else colours
    order = places + ([] if level.alpha is None else [level.alpha])
    channels = [cv2.extractChannel(samples, each) for each in order]
    picked: NDArray[Any] = np.asarray(cv2.merge(channels)).reshape(*samples.shape[:2], -1)
    if level.photometric == GREY_FROM_WHITE:
        picked[:, :, 0] = np.iinfo(picked.dtype).max - picked[:, :, 0]
    return picked


def _bytes(level: Level) -> int:
    return level.width * level.height * level.samples * (2 if level.bits == 16 else 1)
