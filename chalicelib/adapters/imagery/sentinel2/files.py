"""Files of products, read where they lie: the beginning of each is kept, and one request is one range."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.geotiff.http_ranges import Gone, HttpRanges, NotLet
from chalicelib.adapters.imagery.hosts import Hosts, address_of, shown
from chalicelib.adapters.imagery.item_store import Changed, StoredFile
from chalicelib.adapters.imagery.picture import Picture, kind_of, read_stored
from chalicelib.domain.errors import BadImage, ImageryFailed, ProviderUnavailable
from chalicelib.domain.image_formats.tiff import AHEAD_BYTES

if TYPE_CHECKING:
    import requests

_KEPT = 128  # beginnings: of eighteen scenes
_KEPT_SIGNERS = 2000  # small, and of more scenes than are in use at once: a file in use is asked for again
Kept = TypeVar("Kept")


class Count(NamedTuple):
    """What was read of files."""

    requests: int
    received: int  # bytes


class Signer(NamedTuple):
    """How one file is asked for: `address` gives where, `forget` has another token asked for the next time."""

    address: Callable[[], str]
    forget: Callable[[], None] | None


class RemoteFiles:
    """The files of one provider. Each is known by the address that its item names, without its token."""

    def __init__(self, session: requests.Session, hosts: Hosts) -> None:
        self._session, self._hosts = session, hosts
        self._heads: OrderedDict[str, tuple[StoredFile, bytes]] = OrderedDict()
        self._signers: OrderedDict[str, Signer] = OrderedDict()
        self._lock = threading.Lock()
        self.count = Count(0, 0)

    def found(self, href: str, signer: Signer) -> tuple[StoredFile, Picture]:
        """Return a file as it is now, and what it is. Raises BadImage, ProviderUnavailable."""
        address = address_of(href)
        if address is None or address.scheme == "s3" or address not in self._hosts:
            raise BadImage(
                f"its file lies at {shown(href)[:120]}, on a machine that is not among BHUPRAHARI_SENTINEL2_HOSTS"
            )
        with self._lock:
            _keep(self._signers, href, signer, most=_KEPT_SIGNERS)
            known = self._heads.get(href)
            if known is not None:
                self._heads.move_to_end(href)  # what is in use goes last
        file, head = known or self._head(href)
        try:
            picture = read_stored((head, b""), partial(self.read_range, file), size=file.size, name=shown(href))
        except BadItem as bad:
            raise BadImage(bad.says) from None
        return file, picture

    def _head(self, href: str) -> tuple[StoredFile, bytes]:
        file = StoredFile(href, "", 0)

        def ask(url: str) -> bytes:
            nonlocal file
            ranges = HttpRanges(self._session, url)
            head = ranges.head(AHEAD_BYTES)
            file = StoredFile(href, ranges.version, ranges.size)
            return head

        head = self._asked(href, ask)
        kind = kind_of(head)
        if kind in {"a web page", "JSON", "XML", "empty", "a file of zeros"}:  # a server in trouble: it may pass
            raise ProviderUnavailable(f"a picture's server sends {kind} in its place")
        with self._lock:
            _keep(self._heads, href, (file, head), most=_KEPT)
        return file, head

    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        """Read so many bytes of this version of a file. Raises BadImage, ProviderUnavailable."""
        with self._lock:
            known, head = self._heads.get(file.name, (None, b""))
        if known == file and at + length <= len(head):
            return head[at : at + length]

        def ask(url: str) -> bytes:
            return HttpRanges(self._session, url, version=file.version, size=file.size).read(at, length)

        try:
            return self._asked(file.name, ask)
        except Changed:
            with self._lock:
                self._heads.pop(file.name, None)
            raise

    def _asked(self, href: str, ask: Callable[[str], bytes]) -> bytes:
        """Ask. A file that is not there is its scene's loss alone: no other is to wait for it."""
        try:
            content = self._signed(self._signers[href], ask)
        except Gone as gone:
            raise BadImage(gone.reason) from None
        except NotLet as refused:  # while it throttles, or wants another token, it gives nothing at all
            if not self._gives_another(href):
                raise
            raise BadImage(f"{refused.reason}, and gives others: it has no such file, or will not give it") from None
        with self._lock:
            self.count = Count(self.count.requests + 1, self.count.received + len(content))
        return content

    def _gives_another(self, href: str) -> bool:
        """Whether the same machine gives a file of another scene just now, of those that it gave last."""
        here, scene = address_of(href), href.rpartition("/")[0]
        with self._lock:
            known = [(name, file) for name, (file, _) in reversed(self._heads.items())]
        for name, file in known:
            other = address_of(name)
            if here is None or other is None or other.host != here.host or name.rpartition("/")[0] == scene:
                continue
            ask = partial(_first_bytes, self._session, file)
            try:
                return bool(self._signed(self._signers[name], ask))
            except (ImageryFailed, Changed, KeyError):
                return False
        return False

    @staticmethod
    def _signed(signer: Signer, ask: Callable[[str], bytes]) -> bytes:
        """Ask; once more with another token where the first is refused: it may have ended meanwhile."""
        try:
            return ask(signer.address())
        except NotLet:
            if signer.forget is None:
                raise
        signer.forget()
        return ask(signer.address())


def _keep(kept: OrderedDict[str, Kept], name: str, value: Kept, *, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def _first_bytes(session: requests.Session, file: StoredFile, url: str) -> bytes:
    return HttpRanges(session, url, version=file.version, size=file.size).read(0, 4)
