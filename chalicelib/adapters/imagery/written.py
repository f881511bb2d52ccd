"""What was read of an archive, written down as JSON, and read again as the same values."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.adapters.imagery.picture import Picture
from chalicelib.adapters.imagery.refusals import Bad, Dated, Waiting
from chalicelib.adapters.imagery.stac import Document
from chalicelib.domain import bands, image_header, scenes, tiles
from chalicelib.domain.archives import IndexedItem, KeptFile
from chalicelib.domain.image_formats import facts

MOST_BYTES = 8_000_000  # of one file, packed: what is longer is read anew
MOST_UNPACKED = 64 * 2**20
_READING = (  # the modules beside this one
    "assets",
    "bad_item",
    "bands",
    "boxes",
    "catalogue",
    "crs",
    "elsewhere",
    "entries",
    "georeference",
    "geotiff_tags",
    "hosts",
    "item_store",
    "json_text",
    "names",
    "stated_samples",
    "picture",
    "placing",
    "properties",
    "refusals",
    "remains",
    "remote",
    "stac",
    "systems",
)


class Says(NamedTuple):
    """What is known of one file: as a JSON file, and as a picture."""

    document: Document | None = None
    picture: Picture | BadItem | None = None


class Usable(NamedTuple):
    """An item that can be used."""

    entry: Entry
    dated: Dated


@cache
def _says() -> TypeAdapter[Says]:
    return TypeAdapter(Says)


@cache
def _usable() -> TypeAdapter[Usable]:
    return TypeAdapter(Usable)


@cache
def _bad() -> TypeAdapter[Bad]:
    return TypeAdapter(Bad)


def parts() -> list[Path]:
    """Return the code that reads an archive, and decides what is used of it."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in _READING]
    files += [Path(str(each.__file__)) for each in (bands, image_header, scenes, tiles)]
    return [*files, *sorted(Path(facts.__file__).parent.glob("*.py")), Path(__file__)]


@cache
def reader() -> str:
    """Return a digest of the code that reads an archive: what another version of it read is not taken over."""
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts())).hexdigest()


def write_file(file: StoredFile, says: Says) -> KeptFile | None:
    """Write down what is known of a file; None where that is too long, or no text that can be written."""
    try:
        packed = zlib.compress(_says().dump_json(says), 1)
    except ValueError:  # half a surrogate pair
        return None
    return KeptFile(file.name, file.version, file.size, packed) if len(packed) <= MOST_BYTES else None


def read_file(kept: KeptFile) -> tuple[StoredFile, Says]:
    """Read what is known of a file."""
    unpacked = zlib.decompressobj().decompress(kept.says, MOST_UNPACKED)
    return StoredFile(kept.name, kept.version, kept.size), _says().validate_json(unpacked)


def write_usable(entry: Entry, dated: Dated) -> IndexedItem:
    """Write down an item that can be used, with what it takes to show it. Raises ValueError for half a surrogate."""
    shown = replace(entry, stated=replace(entry.stated, assets=(replace(entry.asset, href=""),), bands=(), notes=()))
    return IndexedItem(entry.item.item_id, entry.bounds, _usable().dump_json(Usable(shown, dated)).decode())


def write_bad(bad: Bad) -> list[IndexedItem]:
    """Write down what cannot be used: for each ground that it may be of."""
    says = _bad().dump_json(bad).decode()
    return [IndexedItem("", ground, says) for ground in bad.grounds or (None,)]


def write_waiting(waiting: int) -> IndexedItem:
    """Write down how many pictures wait for an item, wherever they may lie."""
    return IndexedItem("", None, str(waiting))


def read_item(item: IndexedItem) -> Usable | Bad | Waiting:
    """Read an item."""
    if item.item_id:
        return _usable().validate_json(item.says)
    return Waiting(int(item.says)) if item.says.isdecimal() else _bad().validate_json(item.says)
