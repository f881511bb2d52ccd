"""Reads an archive for its index: what was read before is taken from the index, all else is read once and kept there.

A large archive is read in parts. What was read is kept after each, so that a process whose time is up, or that is
killed, leaves to the next one what it has done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice

from typing_extensions import override

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.catalogue import ENDINGS, Catalogue, Listing
from chalicelib.adapters.imagery.item_store import Files, ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.names import Names
from chalicelib.adapters.imagery.picture import Picture
from chalicelib.adapters.imagery.remote import files_elsewhere
from chalicelib.adapters.imagery.stac import MAX_DOCUMENT_BYTES, Document, Item
from chalicelib.adapters.imagery.written import Says, read_file, write_file
from chalicelib.application.ports.archive_index import ArchiveIndex
from chalicelib.domain.archives import KeptFile

AT_ONCE = 256  # files, between two looks at the time
READERS = 8  # at a time: a store in a network answers many at once; its client keeps ten connections
MOST_BYTES_AT_ONCE = 8_000_000  # that a database takes in one statement


class Reading(Catalogue):
    """A catalogue that knows what was read before."""

    def __init__(self, store: ItemStore, index: ArchiveIndex, *, archive: str) -> None:
        super().__init__(store)
        self._index, self._archive = index, archive
        self._kept: set[StoredFile] = set()  # in the index, as far as this process knows
        self.unread: dict[StoredFile, str] = {}  # what could not be read just now, and why, of the last reading

    def read(self, files: Files, *, has_time: Callable[[], bool]) -> Listing | None:
        """Look at every file, at none twice; None where there was no time for all. Raises ProviderUnavailable."""
        with self._lock:
            self.unread = {}
            self._recall(files.files)
            documents = [file for file in files.files if _is_json(file) and file not in self._documents]
            if not self._in_parts(documents, self._document, has_time):
                return None
            known = {file: self._documents[file] for file in files.files if file in self._documents}
            elsewhere = files_elsewhere(self._store, known)
            self._recall(elsewhere.values())
            if not self._in_parts(self._named_pictures(files, elsewhere), self._read_picture, has_time):
                return None
            listing = self._look(files)
            there = [*files.files, *listing.elsewhere]
            self._keep(there)
            self._kept.intersection_update(there)
            return listing

    def _recall(self, files: Collection[StoredFile]) -> None:
        """Take from the index what this process does not know of files that have not changed."""
        unknown = {file for file in files if file not in self._documents and file not in self._pictures}
        for kept in self._index.kept(self._archive, [file.name for file in unknown]) if unknown else ():
            if StoredFile(kept.name, kept.version, kept.size) in unknown:
                file, says = read_file(kept)
                self._kept.add(file)
                if says.document is not None:
                    self._documents[file] = says.document
                if says.picture is not None:
                    self._pictures[file] = says.picture

    def _named_pictures(self, files: Files, elsewhere: Mapping[str, StoredFile]) -> Iterable[StoredFile]:
        """Return the pictures that the items name first, as far as they have not been read."""
        names = Names(files.files, self._store.name_of).with_elsewhere(elsewhere)
        found: dict[StoredFile, None] = {}
        for file in files.files:
            document = self._documents.get(file)
            for item in document.items if document is not None else ():
                for href in _first_named(item) if isinstance(item, Item) else ():
                    image = names.find(href, beside=file.name)
                    if image is not None and image not in self._pictures:
                        found[image] = None
        return list(found)

    @override
    def _document(self, file: StoredFile) -> Document:
        document = super()._document(file)
        if file not in self._documents and file.size <= MAX_DOCUMENT_BYTES:
            self.unread[file] = "it cannot be read just now"
        return document

    @override
    def _picture(self, image: StoredFile) -> Picture | BadItem:
        if image in self.unread:  # asked a moment ago: a thousand must not be waited for twice, one by one
            raise Unreadable(self.unread[image])
        try:
            return super()._picture(image)
        except Unreadable as error:
            self.unread[image] = error.reason
            raise

    def _read_picture(self, image: StoredFile) -> None:
        with suppress(Unreadable):  # told when its item is looked at
            self._picture(image)

    def _in_parts(
        self, files: Iterable[StoredFile], read: Callable[[StoredFile], object], has_time: Callable[[], bool]
    ) -> bool:
        """Read files, several at a time, and keep what was read after each part; False if time ran out."""
        rest = iter(files)
        with ThreadPoolExecutor(READERS) as pool:
            while part := list(islice(rest, AT_ONCE)):
                if not has_time():
                    return False
                list(pool.map(read, part))
                self._keep(part)
        return True

    def _keep(self, files: Iterable[StoredFile]) -> None:
        known = [file for file in files if file not in self._kept and self._knows(file)]
        says = [(file, Says(self._documents.get(file), self._pictures.get(file))) for file in known]
        written = [each for file, said in says if (each := write_file(file, said)) is not None]
        for part in _by_bytes(written):
            self._index.keep(self._archive, part)
        self._kept.update(known)

    def _knows(self, file: StoredFile) -> bool:
        return file in self._documents or file in self._pictures


def _by_bytes(files: Sequence[KeptFile]) -> Iterable[list[KeptFile]]:
    part: list[KeptFile] = []
    size = 0
    for file in files:
        if part and size + len(file.says) > MOST_BYTES_AT_ONCE:
            yield part
            part, size = [], 0
        part.append(file)
        size += len(file.says)
    if part:
        yield part


def _first_named(item: Item) -> list[str]:
    return [item.assets[0].href, *(band.asset.href for band in item.bands)]


def _is_json(file: StoredFile) -> bool:
    return file.name.lower().endswith(ENDINGS)
