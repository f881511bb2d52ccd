"""What an archive holds now: each item that can be used, read once for each version of its files."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from chalicelib.adapters.imagery.item_store import ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.stac import MAX_ITEM_BYTES, BadItem, NotAnItem, read_item
from chalicelib.adapters.imagery.stac import Item as StacItem
from chalicelib.domain.image_formats.facts import MAX_BYTES
from chalicelib.domain.image_header import NotAnImage, check_ends, read_size
from chalicelib.domain.scenes import Item, Refused
from chalicelib.domain.tiles import centre_of, grid_position, gsd_m

MAX_SIDE_PX = 20_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item and its image."""

    item: Item
    stated: StacItem
    image: StoredFile
    gsd_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One look at the archive."""

    entries: list[Entry]
    skipped: list[str]  # "file: reason", of what cannot be used
    refused: list[Refused]  # of that, what says at least when and where it was taken


class _Read(NamedTuple):
    stated: StacItem
    image: StoredFile
    width: int

    @property
    def gsd_m(self) -> float:
        """Metres a pixel: as stated, or else the image's width on the ground at its middle, by its columns."""
        if self.stated.gsd_m is not None:
            return self.stated.gsd_m
        bounds = self.stated.bounds
        worlds = grid_position(bounds.east, 0, 0)[0] - grid_position(bounds.west, 0, 0)[0]
        return gsd_m(centre_of(bounds)[1], 0, tile_px=1) * worlds / self.width

    def item(self, item_id: str) -> Item:
        """Return it as an item of a scene. Whatever changes the pixels of a view changes its content.

        The time of its file is part of it: one that was only touched is fetched once more, and found to be the same.
        """
        stated = self.stated
        shown = (self.image, tuple(stated.bounds), stated.is_lonlat)
        content = hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
        return Item(item_id, stated.captured_at, content, stated.bounds, self.gsd_m)


class Catalogue:
    """Reads the items of a store. Files that have not changed since are not read again."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._items: dict[StoredFile, StacItem | BadItem | None] = {}
        self._widths: dict[StoredFile, int] = {}
        self._told: set[tuple[StoredFile, str]] = set()
        self._lock = threading.Lock()  # workers at home are threads of one process

    def look(self) -> Listing:
        """List what the store holds at this moment. Raises ProviderUnavailable."""
        with self._lock:
            return self._look()

    def _look(self) -> Listing:
        found: list[tuple[StoredFile, _Read]] = []
        skipped: dict[StoredFile, str] = {}
        refused: list[Refused] = []
        files = self._store.items()
        for file in files:
            try:
                read = self._read(file)
                if read is not None:
                    found.append((file, read))
            except (BadItem, Unreadable) as bad:
                skipped[file] = str(bad)
                refused += self._refused(file, str(bad))
        self._tell(skipped)
        self._items = {file: self._items[file] for file in files if file in self._items}
        images = {read.image for _, read in found}
        self._widths = {file: width for file, width in self._widths.items() if file in images}
        ids = Counter(read.stated.item_id for _, read in found)
        return Listing(
            entries=[
                # An id stands for one item; where two files claim the same one, the file's name tells them apart.
                Entry(
                    item=read.item(read.stated.item_id if ids[read.stated.item_id] == 1 else file.name),
                    stated=read.stated,
                    image=read.image,
                    gsd_m=read.gsd_m,
                )
                for file, read in found
            ],
            skipped=[f"{file.name}: {reason}" for file, reason in skipped.items()],
            refused=refused,
        )

    def _read(self, file: StoredFile) -> _Read | None:
        """Read an item and the size of its image. None for a catalogue. Raises BadItem, Unreadable."""
        if file not in self._items:
            self._items[file] = self._parsed(file)
        item = self._items[file]
        if isinstance(item, BadItem):
            raise item
        if item is None:
            return None
        image = self._store.find(str(PurePosixPath(file.name).parent / item.image))
        if image is None:
            raise BadItem(f"its picture {item.image} is not there, or not inside the archive")
        if image not in self._widths:
            self._widths[image] = self._checked_width(image)
        return _Read(item, image, self._widths[image])

    def _refused(self, file: StoredFile, reason: str) -> list[Refused]:
        """Return what is known of an item that cannot be used; nothing if it does not say when it was taken."""
        item = self._items.get(file)
        if item is None or item.captured_at is None:
            return []
        when = item.captured_at
        return [Refused(when, item.bounds, f"the picture of {when:%Y-%m-%d} cannot be used ({file.name}): {reason}")]

    def _parsed(self, file: StoredFile) -> StacItem | BadItem | None:
        if file.size > MAX_ITEM_BYTES:
            return BadItem(f"an item has at most {MAX_ITEM_BYTES} bytes, this has {file.size}")
        try:
            return read_item(self._store.read(file), name=PurePosixPath(file.name).stem)
        except BadItem as bad:
            return bad
        except NotAnItem:
            return None

    def _checked_width(self, image: StoredFile) -> int:
        try:
            head, tail = self._store.ends(image)
            width, height = read_size(head)
            check_ends(head, tail)
        except NotAnImage as bad:
            raise BadItem(f"its picture {image.name} {bad}") from None
        taken = image.size + 3 * width * height  # at least: the intake knows what else its kind takes
        if max(width, height) > MAX_SIDE_PX or taken > MAX_BYTES:
            raise BadItem(
                f"its picture {image.name} is too large with {width} x {height} px and {image.size / 1e6:.0f} MB: "
                f"at most {MAX_SIDE_PX} px a side, and {MAX_BYTES / 1e6:.0f} MB with its decoded pixels, this takes "
                f"{taken / 1e6:.0f} MB; cut it into several items"
            )
        return width

    def _tell(self, skipped: dict[StoredFile, str]) -> None:
        told = set(skipped.items())
        for file, reason in sorted(told - self._told):
            logger.warning("archive item skipped", extra={"file": file.name, "reason": reason})
        self._told = told
