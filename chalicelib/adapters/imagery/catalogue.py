"""What an archive holds now: each item that can be used, read once for each version of its files.

What a JSON file states (`read_document`) and what a picture is (`read_picture`) depend on nothing but that file, and
are kept for as long as it is the same; which picture an item means depends on the names in the listing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from chalicelib.adapters.imagery.assets import Asset, is_picture
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bands import Band
from chalicelib.adapters.imagery.entries import Entry, checked, lay
from chalicelib.adapters.imagery.item_store import Files, ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.names import Names, is_remote
from chalicelib.adapters.imagery.picture import Picture
from chalicelib.adapters.imagery.placing import lie
from chalicelib.adapters.imagery.remote import files_elsewhere, picture_in, refusal_elsewhere
from chalicelib.adapters.imagery.stac import MAX_DOCUMENT_BYTES, Document, read_document
from chalicelib.adapters.imagery.stac import Item as StacItem
from chalicelib.domain.bands import VISIBLE

ENDINGS = (".json", ".geojson")

logger = logging.getLogger(__name__)


class Read(NamedTuple):
    """One item of one file: as an entry, or why not."""

    file: StoredFile
    place: str  # the file's name; in a collection with the item's number
    found: Entry | BadItem
    same_as: str = ""  # the place of another item that says exactly the same: that one is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One look at the archive."""

    files: Files
    names: Names
    documents: dict[StoredFile, Document]
    reads: list[Read]
    elsewhere: list[StoredFile]  # what items name on other machines that may be read, by its address

    @property
    def entries(self) -> list[Entry]:
        """What can be used."""
        return [read.found for read in self.reads if isinstance(read.found, Entry) and not read.same_as]

    @property
    def bad(self) -> list[tuple[str, BadItem]]:
        """What cannot be used, and why: the names are for the operator."""
        whole = [(file.name, document.bad) for file, document in self.documents.items() if document.bad is not None]
        return whole + [(read.place, read.found) for read in self.reads if isinstance(read.found, BadItem)]

    @property
    def waiting(self) -> int:
        """How many pictures lie there that no item names: they wait for one that says when they were taken."""
        mentions = ((file, href) for file, document in self.documents.items() for href in document.mentions)
        named = {self.names.find(href, beside=file.name) for file, href in mentions}
        return sum(is_picture(file.name) and file not in named for file in self.files.files)


class Catalogue:
    """Reads the items of a store. Files that have not changed since are not read again."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._documents: dict[StoredFile, Document] = {}
        self._pictures: dict[StoredFile, Picture | BadItem] = {}
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()  # workers at home are threads of one process

    def look(self, files: Files | None = None) -> Listing:
        """List what the store holds at this moment, or held when its files were listed. Raises ProviderUnavailable."""
        with self._lock:
            return self._look(files or self._store.list_files())

    def _look(self, files: Files) -> Listing:
        names = Names(files.files, self._store.name_of)
        documents = self._read_documents(files, names)
        elsewhere = files_elsewhere(self._store, documents)
        names = names.with_elsewhere(elsewhere)
        reads = [
            Read(
                file, file.name if len(document.items) == 1 else f"{file.name} #{place}", self._found(file, each, names)
            )
            for file, document in documents.items()
            for place, each in enumerate(document.items, start=1)
        ]
        told, others = _told_apart(reads), list(elsewhere.values())
        listing = Listing(files=files, names=names, documents=documents, reads=told, elsewhere=others)
        self._tell(listing)
        there = {*files.files, *elsewhere.values()}
        self._documents = {file: document for file, document in self._documents.items() if file in there}
        self._pictures = {file: picture for file, picture in self._pictures.items() if file in there}
        return listing

    def _read_documents(self, files: Files, names: Names) -> dict[StoredFile, Document]:
        """Read every JSON file, and what catalogues link to, whatever its name: each once, so circles do no harm."""
        waiting = deque(file for file in files.files if file.name.lower().endswith(ENDINGS))
        found: dict[StoredFile, Document] = {}
        while waiting:
            file = waiting.popleft()
            if file in found:
                continue
            found[file] = self._document(file)
            linked = (names.find(href, beside=file.name) for href in found[file].links)
            waiting.extend(each for each in linked if each is not None and each not in found)
        return dict(sorted(found.items()))

    def _document(self, file: StoredFile) -> Document:
        if file in self._documents:
            return self._documents[file]
        if file.size > MAX_DOCUMENT_BYTES:
            says = f"a JSON file has at most {MAX_DOCUMENT_BYTES} bytes, this has {file.size}"
            return Document(kind="a JSON file", bad=BadItem(says))
        try:
            content = self._store.read(file)
        except Unreadable as error:
            return Document(kind="a JSON file", bad=BadItem("it cannot be read just now", named=error.reason))
        try:
            self._documents[file] = read_document(content, name=file.name)
        except Exception as error:  # nothing in one file may harm the others
            logger.exception("archive file not understood", extra={"file": file.name})
            says = f"it is not understood, which is a defect of this program ({type(error).__name__})"
            self._documents[file] = Document(kind="a JSON file", bad=BadItem(says))
        return self._documents[file]

    def _found(self, file: StoredFile, stated: StacItem | BadItem, names: Names) -> Entry | BadItem:
        if isinstance(stated, BadItem):
            return stated
        try:
            return self._entry(file, stated, names)
        except Unreadable as error:
            bad = BadItem("its picture cannot be read just now", named=error.reason)
        except BadItem as found:
            bad = found
        except Exception as error:  # nothing in one item may harm the others
            logger.exception("archive item not understood", extra={"file": file.name})
            bad = BadItem(f"it is not understood, which is a defect of this program ({type(error).__name__})")
        return bad.again(stated.captured_at, stated.bounds)

    def _entry(self, file: StoredFile, stated: StacItem, names: Names) -> Entry:
        """Return the item with the first of its assets that is a picture. Raises BadItem, Unreadable."""
        bands = list(self._bands(file, stated, names))
        red = next((asset for asset, band in bands if band.name == "red"), None)
        known = names.find(red.href, beside=file.name) if red else None  # as it is kept: by its address alone
        if red and known and {band.name for _, band in bands}.issuperset(VISIBLE):
            picture = self._picture(known)
            if isinstance(picture, Picture):
                return lay(stated, red, known, picture, names=names, bands=[band for _, band in bands])
        reasons: list[BadItem] = []
        for asset in stated.assets:
            image = names.find(asset.href, beside=file.name)
            refused = None if image else refusal_elsewhere(self._store, asset)
            picture = self._picture(image) if image else refused or names.missing(asset.href, beside=file.name)
            if image and isinstance(picture, Picture):
                return lay(stated, asset, image, picture, names=names, bands=[band for _, band in bands])
            if isinstance(picture, BadItem):
                reasons.append(picture)
                if is_remote(asset.href):  # where a lesser one is here it is used, and this is told
                    note = f"its asset {asset.key!r:.40} is not used: {picture.says} ({picture.remedy})"
                    stated = replace(stated, notes=(*stated.notes, note))
            is_left_elsewhere = asset.format == "GeoTIFF" and image is None  # beside the picture that was made of it
            if asset.format and not is_remote(asset.href) and not is_left_elsewhere:
                break  # one of an undeclared kind need not be a picture, but this one was meant
        raise reasons[0 if stated.assets[0].format == "GeoTIFF" else -1].again()

    def _bands(self, file: StoredFile, stated: StacItem, names: Names) -> Iterator[tuple[Asset, Band]]:
        """Yield those of an item's bands whose files are there. Raises BadItem for one that is no band, Unreadable."""
        for name, asset, coding in stated.bands:
            image = names.find(asset.href, beside=file.name)
            if image is None:
                continue
            picture = self._picture(image)
            if isinstance(picture, BadItem):
                raise picture.again()
            image = picture.found or image
            georeference = checked(asset, image)
            placed = lie(picture, georeference).placed
            if placed is None:
                raise BadItem(f"its band {asset.key!r:.40} is no GeoTIFF", named=image.name)
            yield asset, Band(name, image, placed, coding, asset.checksum)

    def _picture(self, image: StoredFile) -> Picture | BadItem:
        if image not in self._pictures:
            try:
                self._pictures[image] = picture_in(self._store, image)
            except BadItem as bad:
                self._pictures[image] = bad.again()
        return self._pictures[image]

    def _tell(self, listing: Listing) -> None:
        told = {(place, f"{bad}; {bad.remedy}" if bad.remedy else str(bad)) for place, bad in listing.bad}
        for file, reason in sorted(told - self._told):
            logger.warning("archive item skipped", extra={"file": file, "reason": reason})
        self._told = told


def _told_apart(reads: list[Read]) -> list[Read]:
    """Drop what is said twice, and give items of one id another one each: an id stands for one item."""
    first: dict[tuple[str, datetime, str], str] = {}
    marked = [_marked(read, first) for read in reads]
    ids = Counter(read.found.item.item_id for read in marked if isinstance(read.found, Entry) and not read.same_as)
    return [_renamed(read, ids) for read in marked]


def _marked(read: Read, first: dict[tuple[str, datetime, str], str]) -> Read:
    if not isinstance(read.found, Entry):
        return read
    item = read.found.item
    place = first.setdefault((item.item_id, item.captured_at, item.content), read.place)
    return read if place == read.place else read._replace(same_as=place)


def _renamed(read: Read, ids: Counter[str]) -> Read:
    """Add a digest of the item's place to its id: users see ids, and are told no names of files."""
    if not isinstance(read.found, Entry) or ids[read.found.item.item_id] <= 1:
        return read
    item = read.found.item
    mark = hashlib.sha256(read.place.encode()).hexdigest()[:8]
    return read._replace(found=replace(read.found, item=item._replace(item_id=f"{item.item_id}~{mark}")))
