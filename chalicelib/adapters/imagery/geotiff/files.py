"""The GeoTIFFs of an archive, read where they lie: headers that were read last, and blocks that were unpacked last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.adapters.imagery.geotiff.view import show
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.item_store import ItemStore, StoredFile
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.domain.tiles import View

if TYPE_CHECKING:
    from chalicelib.intake.tiff_windows import Blocks, TiffFile

_KEPT = 8  # headers: one of a very large file names some hundred thousand blocks


class GeoTiffs:
    """Files of one store."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._files: OrderedDict[tuple[StoredFile, StoredFile | None], TiffFile] = OrderedDict()
        self._blocks: Blocks | None = None
        self._lock = threading.Lock()  # also while showing: workers at home are threads, and each takes its memory

    def show(self, image: StoredFile, mask: StoredFile | None, placed: Placed, view: View) -> Part:
        """Return what a file shows of a view. Raises BadImage, ProviderUnavailable."""
        with self._lock:
            return show(self._opened(image, mask), placed, view)

    def _opened(self, image: StoredFile, mask: StoredFile | None) -> TiffFile:
        from chalicelib.intake.tiff_windows import Blocks, TiffFile  # OpenCV: only where the layer is

        if (image, mask) not in self._files:
            self._blocks = self._blocks or Blocks()
            read = partial(self._store.read_range, image)
            beside = (partial(self._store.read_range, mask), mask.size) if mask else None
            picture = read_picture(read, image.size, beside)
            self._files[image, mask] = TiffFile(
                picture, read, key=(image, mask), blocks=self._blocks, read_mask=beside[0] if beside else None
            )
        self._files.move_to_end((image, mask))
        while len(self._files) > _KEPT:
            self._files.popitem(last=False)
        return self._files[image, mask]
