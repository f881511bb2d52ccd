"""The GeoTIFFs of an archive, read where they lie: headers that were read last, and blocks that were unpacked last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.adapters.imagery.bands import Band
from chalicelib.adapters.imagery.geotiff.layers import layers_of, picture_of
from chalicelib.adapters.imagery.geotiff.view import show
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.bands import VISIBLE
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.domain.tiles import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chalicelib.intake.tiff_windows import Blocks, TiffFile

_KEPT = 24  # headers, seven of a scene with bands: one of a very large file names some hundred thousand blocks


class Stated(NamedTuple):
    """What an item says of the samples of its file."""

    no_data: int | None = None  # counts where the file does not say itself what stands for nothing
    bits: int | None = None  # of 16-bit samples: on which scale they are shown; None: by the file's brightest ones


NOTHING = Stated()


class Ranges(Protocol):
    """Whatever files are read of, by ranges."""

    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        """Read so many bytes of this version of a file. Raises ProviderUnavailable."""
        ...


class GeoTiffs:
    """Files of one store."""

    def __init__(self, store: Ranges, *, at_once: int = 1) -> None:
        """Read files of a store; of the bands of a scene so many at once, where each request waits for an answer."""
        self._store, self._at_once = store, at_once
        self._files: OrderedDict[tuple[StoredFile, StoredFile | None, Stated], TiffFile] = OrderedDict()
        self._blocks: Blocks | None = None
        self._opening = threading.Lock()
        self._lock = threading.Lock()  # also while showing: workers at home are threads, and each takes its memory

    def show(self, image: StoredFile, mask: StoredFile | None, placed: Placed, view: View, *, stated: Stated) -> Part:
        """Return what a file shows of a view.

        Raises BadImage, ProviderUnavailable.
        """
        with self._lock:
            return show(self._opened(image, mask, stated), placed, view)

    def layers(self, bands: Sequence[Band], view: View, side_px: int) -> NDArray[Any]:
        """Return the layers of a view, of so many pixels a side. Raises BadImage, ProviderUnavailable."""
        with self._lock:
            if self._at_once == 1:
                return layers_of(bands, view, side_px, self._band)
            with ThreadPoolExecutor(self._at_once) as pool:
                alone = list(pool.map(lambda band: layers_of([band], view, side_px, self._band), bands))
        layers = alone[0]
        for other in alone[1:]:
            layers |= other  # each has its own layer alone
        return layers

    def measured(self, bands: Sequence[Band], view: View, side_px: int) -> Part:
        """Return what bands show of a view, and their layers of so many pixels a side. Raises as `layers` does."""
        layers = self.layers(bands, view, side_px)
        shown = layers
        if side_px != view.size_px:
            shown = self.layers([band for band in bands if band.name in VISIBLE], view, view.size_px)
        return picture_of(shown)._replace(bands=layers)

    def _band(self, band: Band) -> TiffFile:
        return self._opened(band.image, None)

    def _opened(self, image: StoredFile, mask: StoredFile | None, stated: Stated = NOTHING) -> TiffFile:
        from chalicelib.intake.tiff_windows import Blocks, TiffFile  # OpenCV: only where the layer is

        key, no_data = (image, mask, stated), stated.no_data
        with self._opening:
            known = self._files.get(key)
            self._blocks = self._blocks or Blocks()
        if known is None:
            read = partial(self._store.read_range, image)
            beside = (partial(self._store.read_range, mask), mask.size) if mask else None
            picture = read_picture(read, image.size, beside)
            if picture.no_data is None and no_data is not None and no_data < 1 << picture.full.bits:
                picture = replace(picture, no_data=no_data)
            known = TiffFile(
                picture,
                read,
                key=(image, mask),
                blocks=self._blocks,
                read_mask=beside[0] if beside else None,
                bits=stated.bits,
            )
        with self._opening:
            self._files[key] = known
            self._files.move_to_end(key)
            while len(self._files) > _KEPT:
                self._files.popitem(last=False)
        return known
