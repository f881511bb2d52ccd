"""A small picture of a GeoTIFF, as the archive reads it: of its coarsest overview that is fine enough to look at."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.image_formats.tiff_picture import read_picture
from infra.archive.source import stored

if TYPE_CHECKING:
    from chalicelib.intake.tiff_windows import TiffFile

SIDE_PX = 1024
_MOST_PX = 4096  # a side: unpacking all of a large file without overviews takes minutes
_BAND_BYTES = 32_000_000


def preview(picture: TiffFile) -> bytes:
    """Return a PNG of at most 1,024 px a side, transparent where there is no data. Raises BadImage.

    Of a large file without overviews it shows the middle.
    """
    import cv2
    import numpy as np

    from chalicelib.intake.tiff_windows import Window

    levels = [each.level for each in picture.picture.levels]
    place = max(0, sum(max(each.width, each.height) >= SIDE_PX for each in levels) - 1)
    level = levels[place]
    width, height = (min(each, _MOST_PX) for each in (level.width, level.height))
    left, first = (level.width - width) // 2, (level.height - height) // 2
    by = max(1, -(-max(width, height) // SIDE_PX))
    rows = max(1, _BAND_BYTES // (width * 4 * by)) * by
    bands = []
    for top in range(first, first + height, rows):
        window = Window(top, min(top + rows, first + height), left, left + width)
        pixels = picture.pixels(place, window)
        alpha = np.where(pixels.valid, np.uint8(255), np.uint8(0))
        size = (max(1, -(-width // by)), max(1, -(-len(alpha) // by)))
        bands.append(cv2.resize(np.dstack([pixels.bgr, alpha]), size, interpolation=cv2.INTER_AREA))
    return bytes(cv2.imencode(".png", np.concatenate(bands))[1])


def opened(file: Path, *, bits: int | None = None) -> TiffFile:
    """Open a GeoTIFF as the archive reads it, with the mask beside it, and 16-bit samples of so many bits."""
    from chalicelib.intake.tiff_windows import Blocks, TiffFile

    store, found = stored(file)
    beside = file.with_name(file.name + ".msk")
    mask = None
    if beside.exists():
        its_store, its_file = stored(beside)
        mask = (partial(its_store.read_range, its_file), its_file.size)
    read = partial(store.read_range, found)
    picture = read_picture(read, found.size, mask)
    return TiffFile(picture, read, key=file, blocks=Blocks(), read_mask=mask[0] if mask else None, bits=bits)
