"""The archive's images that were decoded last: neighbouring tiles read the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from chalicelib.adapters.imagery.checksums import check_checksum
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.item_store import ItemStore, StoredFile
from chalicelib.domain.image_formats.facts import MAX_BYTES
from chalicelib.domain.image_header import read_header

if TYPE_CHECKING:
    from chalicelib.intake.pixels import Pixels


class Decoded:
    """What was decoded last, in as many bytes as one image may take."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[StoredFile, int | None], Pixels] = OrderedDict()
        self._lock = threading.Lock()  # also while decoding: two large images at once are too many

    def get(self, entry: Entry) -> Pixels:
        """Return an image's pixels, which must not be written to. Raises BadImage, ProviderUnavailable, Unavailable."""
        key = entry.image, entry.asset.no_data
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._decode(entry)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _decode(self, entry: Entry) -> Pixels:
        """Decode an image; what was kept before is dropped first, as far as it takes."""
        from chalicelib.intake.decode import check_fits, decode  # OpenCV: only where the layer is

        self._drop_for(entry.image.size)
        content = self._store.read(entry.image)
        check_checksum(content, entry.asset.checksum)
        header = read_header(content)
        check_fits(header, len(content))
        self._drop_for(len(content) + header.decoding_bytes)
        return decode(content, header, no_data=entry.asset.no_data)

    def _drop_for(self, wanted: int) -> None:
        while self._kept and wanted + sum(_bytes(pixels) for pixels in self._kept.values()) > MAX_BYTES:
            self._kept.popitem(last=False)


def _bytes(pixels: Pixels) -> int:
    return pixels.bgr.nbytes + (pixels.valid.nbytes if pixels.valid.flags.owndata else 0)
