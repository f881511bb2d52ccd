"""Which file of an archive an item or a catalogue means by an address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from urllib.parse import unquote

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.item_store import StoredFile

_REMOTE = re.compile(r"//|(https?|s3|gs|ftp|az|abfs|azure)://", re.IGNORECASE)
_FILE = re.compile(r"file:", re.IGNORECASE)


def is_remote(href: str) -> bool:
    """Whether an address names another machine."""
    return _REMOTE.match(href) is not None


class Names:
    """The files of one listing by their names, however a name's accents are composed."""

    def __init__(self, files: Iterable[StoredFile], name_of: Callable[[str], str | None]) -> None:
        self._files = {file.name: file for file in files}
        self._composed = {unicodedata.normalize("NFC", name): file for name, file in self._files.items()}
        self._folded = {name.casefold(): file for name, file in self._composed.items()}
        self._name_of = name_of
        self.elsewhere: Mapping[str, StoredFile] = {}

    def with_elsewhere(self, files: Mapping[str, StoredFile]) -> Names:
        """Return the same names, and files on other machines by their addresses."""
        more = copy(self)
        more.elsewhere = files
        return more

    def find(self, href: str, *, beside: str) -> StoredFile | None:
        """Return what an address means, seen from a file of the archive; None if that is not there, or outside."""
        if href in self.elsewhere:
            return self.elsewhere[href]
        for name in self._meant(href, beside):
            if name in self._files:
                return self._files[name]
        composed = (unicodedata.normalize("NFC", name) for name in self._meant(href, beside))
        return next((self._composed[name] for name in composed if name in self._composed), None)

    def missing(self, href: str, *, beside: str) -> BadItem:
        """Say why a picture is not there."""
        for name in self._meant(href, beside):
            other = self._folded.get(unicodedata.normalize("NFC", name).casefold())
            if other is not None:
                return BadItem(
                    "its picture is not there by that name, but is with other large and small letters",
                    named=f"{href:.120}, and {other.name} is there",
                )
        return BadItem("its picture is not there, or not inside the archive", named=href[:120])

    def _meant(self, href: str, beside: str) -> list[str]:
        """Return the names that an address may mean, best first."""
        inside = self._name_of(href)
        if inside is not None:
            return [inside]
        return [] if is_remote(href) or _FILE.match(href) else relative_names(href, beside=beside)


def relative_names(href: str, *, beside: str) -> list[str]:
    """Return the names that a relative address may mean, none outside of the archive.

    First with %20 and the like read, then as the letters stand, then with the backslashes of Windows.

    >>> relative_names("img/../a%20b.png", beside="2025/item.json")
    ['2025/a b.png', '2025/a%20b.png']
    """
    found: list[str] = []
    for text in (unquote(href), href, unquote(href).replace("\\", "/"), href.replace("\\", "/")):
        parts = beside.split("/")[:-1]
        is_inside = not text.startswith("/")
        for part in text.split("/"):
            if part == "..":
                is_inside = is_inside and bool(parts)
                parts = parts[:-1]
            elif part not in {"", "."}:
                parts.append(part)
        if is_inside:
            found.append("/".join(parts))
    return list(dict.fromkeys(found))
