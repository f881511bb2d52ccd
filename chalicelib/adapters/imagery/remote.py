"""What an archive's items name on other machines, and what of it is read there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial

from chalicelib.adapters.imagery.assets import Asset
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.hosts import shown
from chalicelib.adapters.imagery.item_store import ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.names import is_remote
from chalicelib.adapters.imagery.picture import Picture, kind_of, read_stored
from chalicelib.adapters.imagery.stac import Document, Item

NO_GEOTIFF = "its picture lies on another machine (a remote asset), where nothing but GeoTIFFs are read"


def files_elsewhere(store: ItemStore, documents: Mapping[StoredFile, Document]) -> dict[str, StoredFile]:
    """Return what items name on other machines that may be read, by the addresses as they are written.

    Each counts as another version when an item that names it is another one: then it is looked at again.
    """
    named: dict[str, set[str]] = {}
    for file, document in documents.items():
        for item in document.items:
            for asset in _assets(item) if isinstance(item, Item) else ():
                if _is_elsewhere(store, asset) and not refusal_elsewhere(store, asset):
                    named.setdefault(asset.href, set()).add(file.version)
    digests = {href: hashlib.sha256(repr(sorted(by)).encode()).hexdigest() for href, by in named.items()}
    return {href: StoredFile(href, digest, 0) for href, digest in digests.items()}


def _assets(item: Item) -> Iterator[Asset]:
    yield from item.assets
    yield from (band.asset for band in item.bands)


def refusal_elsewhere(store: ItemStore, asset: Asset) -> BadItem | None:
    """Return why an asset is not read on another machine; None if it is, or lies on none."""
    if not _is_elsewhere(store, asset):
        return None
    return _no_geotiff(asset.href) if asset.format not in ("GeoTIFF", "") else store.refusal(asset.href)


def picture_in(store: ItemStore, image: StoredFile) -> Picture:
    """Read what a picture is, of the archive or on another machine. Raises BadItem, Unreadable."""
    found = store.found(image)
    ends, read = store.ends(found), partial(store.read_range, found)
    kind = kind_of(ends[0])
    if found != image and kind in {"PNG", "JPEG", "WebP"}:
        raise _no_geotiff(found.name)
    if found != image and kind in {"a web page", "JSON", "XML", "empty", "a file of zeros"}:
        raise Unreadable(f"a picture's server sends {kind} in its place")  # a server in trouble: it may pass
    picture = read_stored(ends, read, size=found.size, name=shown(found.name))
    return picture if found == image else picture._replace(found=found)


def _is_elsewhere(store: ItemStore, asset: Asset) -> bool:
    return is_remote(asset.href) and store.name_of(asset.href) is None


def _no_geotiff(href: str) -> BadItem:
    return BadItem(NO_GEOTIFF, named=shown(href)[:120], remedy="fetch it into the archive")
