"""Pictures that an archive's items name on other machines, read where they lie: by ranges, over HTTP or from S3."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.hosts import Address, Hosts, address_of, shown
from chalicelib.adapters.imagery.item_store import UNASKED, Files, ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.names import is_remote
from chalicelib.application.ports.clock import Monotonic
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_formats.tiff import AHEAD_BYTES

if TYPE_CHECKING:
    import requests

    from chalicelib.adapters.imagery.geotiff.http_ranges import HttpRanges
    from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

_KEPT = 8  # files, each with its first bytes
_LEFT_ALONE_S = 5.0  # a host that did not answer, where it does not say how long


class WithElsewhere(ItemStore):
    """A store of an archive, and the files on other machines that its items name."""

    def __init__(
        self, store: ItemStore, hosts: Hosts, *, aws_client: Callable[[str], Any], monotonic: Monotonic
    ) -> None:
        self._store, self._hosts, self._aws_client, self._monotonic = store, hosts, aws_client, monotonic
        self._session: requests.Session | None = None
        self._heads: OrderedDict[StoredFile, bytes] = OrderedDict()
        self._files: OrderedDict[StoredFile, HttpRanges] = OrderedDict()
        self._away: dict[Address, float] = {}  # until when a host is left alone
        self._lock = threading.Lock()

    @override
    def list_files(self) -> Files:
        return self._store.list_files()

    @override
    def name_of(self, address: str) -> str | None:
        return self._store.name_of(address)

    @override
    def read(self, file: StoredFile) -> bytes:
        return self._store.read(file)

    @override
    def refusal(self, address: str) -> BadItem | None:
        found = address_of(address)
        if found is None:
            return BadItem(UNASKED, named=shown(address)[:120], remedy="fetch it into the archive")
        if found in self._hosts:
            return None
        return self._store.refusal(address)

    @override
    def found(self, file: StoredFile) -> StoredFile:
        if not is_remote(file.name):
            return self._store.found(file)
        address = self._address(file)
        if address.scheme == "s3":
            return self._bucket(address).at(address.path)._replace(name=file.name)
        ranges = self._ranges(StoredFile(file.name, "", 0), address)
        head = self._asked(address, lambda: ranges.head(AHEAD_BYTES))
        found = StoredFile(file.name, ranges.version, ranges.size)
        with self._lock:
            _keep(self._heads, found, head)
            _keep(self._files, found, ranges)
        return found

    @override
    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        if not is_remote(file.name):
            return self._store.ends(file)
        with self._lock:
            head = self._heads.pop(file, None)  # it was for this
        return (self.read_range(file, 0, min(AHEAD_BYTES, file.size)) if head is None else head), b""

    @override
    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        if not is_remote(file.name):
            return self._store.read_range(file, at, length)
        address = self._address(file)
        if address.scheme == "s3":
            try:
                return self._bucket(address).read_range(file._replace(name=address.path), at, length)
            except Unreadable:
                raise
            except ProviderUnavailable as error:  # that bucket is away, not the archive
                raise Unreadable(error.reason, retry_after_s=error.retry_after_s) from error
        with self._lock:
            ranges = self._files.get(file) or self._ranges(file, address)
            _keep(self._files, file, ranges)
        try:
            return self._asked(address, lambda: ranges.read(at, length))
        except Unreadable:
            with self._lock:
                self._files.pop(file, None)  # where it was moved to may have ended
            raise

    def _address(self, file: StoredFile) -> Address:
        address = address_of(file.name)
        if address is None or address not in self._hosts:  # the settings are others by now
            raise Unreadable(f"{shown(file.name)} cannot be read: its host is not among BHUPRAHARI_ARCHIVE_HOSTS")
        return address

    def _bucket(self, address: Address) -> S3ItemStore:
        from chalicelib.adapters.imagery.s3_item_store import S3ItemStore

        return S3ItemStore(self._aws_client("s3"), bucket=address.host, prefix="")

    def _ranges(self, file: StoredFile, address: Address) -> HttpRanges:
        from chalicelib.adapters.imagery.geotiff import http_ranges

        if self._session is None:
            self._session = http_ranges.session()
        return http_ranges.HttpRanges(self._session, address.url, version=file.version, size=file.size or None)

    def _asked(self, address: Address, ask: Callable[[], bytes]) -> bytes:
        """Ask a host, unless it did not answer a moment ago: a thousand items must not wait for it one by one."""
        from chalicelib.adapters.imagery.geotiff.http_ranges import Away

        host = address._replace(path="")
        left_s = self._away.get(host, 0.0) - self._monotonic()
        if left_s > 0:
            raise Unreadable("a picture's server did not answer a moment ago", retry_after_s=left_s)
        try:
            return ask()
        except Away as error:
            self._away[host] = self._monotonic() + min(error.retry_after_s or _LEFT_ALONE_S, 60.0)
            raise


def _keep(kept: OrderedDict[StoredFile, Any], file: StoredFile, value: object) -> None:
    kept[file] = value
    kept.move_to_end(file)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
