"""Which of an item's assets is its picture: by role and media type, whatever its key.

The first of: role `visual`; role `data`; no role that tells; role `overview`. A key counts as a role where none is
given, and so does a word in it: `cloud_mask` is no picture, `browse` an overview. Among equals: the key `image`, then
PNG, WebP, JPEG, GeoTIFF, then by the alphabet. A thumbnail is the picture only where the item has nothing else and does
not call it one by its role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.boxes import number
from chalicelib.adapters.imagery.georeference import Georeference
from chalicelib.adapters.imagery.names import is_remote
from chalicelib.adapters.imagery.picture import TO_PNG
from chalicelib.adapters.imagery.stated_samples import stated_bits

MAX_ASSETS = 200
_ROLES = ("visual", "data", "", "overview", "thumbnail")  # best first; "" is any other
_SYNONYMS = {"reflectance": "data", "image": "", "rendered_preview": "overview", "preview": "overview"}
_NO_PICTURES = frozenset({"metadata", "cloud", "cloud-shadow", "shadow", "snow-ice", "land-water", "saturation"})
# Words in the key of an asset without a role: "" where it is no picture.
_WORDS = {
    **dict.fromkeys(("mask", "masks", "cloudmask", "udm", "udm2", "qa", "scl", "dem", "dsm", "dtm", "hillshade"), ""),
    **dict.fromkeys(("thumbnail", "thumbnails", "thumb"), "thumbnail"),
    **dict.fromkeys(("overview", "preview", "browse", "quicklook", "quickview"), "overview"),
}
_FORMATS = ("PNG", "WebP", "JPEG", "GeoTIFF", "")  # best first; "" is told by its first bytes
_TYPES = {"image/png": "PNG", "image/apng": "PNG", "image/jpeg": "JPEG", "image/jpg": "JPEG", "image/webp": "WebP"}
_TYPES |= {"image/tiff": "GeoTIFF", "image/vnd.stac.geotiff": "GeoTIFF"}
_ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP", ".jfif": "JPEG"}
_ENDINGS |= dict.fromkeys((".tif", ".tiff", ".gtif", ".cog"), "GeoTIFF")
_UNREAD_TYPES = {"image/jp2": "JPEG 2000"}
_UNREAD_ENDINGS = {
    **dict.fromkeys((".jp2", ".j2k", ".jpx"), "JPEG 2000"),
    **{f".{name}": name.upper() for name in ("gif", "bmp", "heic", "heif", "avif", "nitf", "ntf", "img", "ecw", "vrt")},
}
_NO_TYPES = frozenset({"", "image/*", "application/octet-stream", "binary/octet-stream"})  # they say nothing
_NO_PICTURE_ENDINGS = frozenset({".json", ".geojson", ".xml", ".txt", ".html", ".pdf", ".csv", ".zip"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An asset that may be its item's picture."""

    key: str
    href: str
    format: str  # PNG, JPEG, WebP or GeoTIFF as it is declared; "" is told by its first bytes
    georeference: Georeference | BadItem | None  # None: nothing is said, as a GeoTIFF may say it itself
    size: int | None  # bytes, where `file:size` says so
    checksum: str | None  # `file:checksum`, a multihash in hexadecimal
    no_data: int | None = None  # what its item says of it: its file's own goes before
    bits: int | None = None  # of 16-bit samples, how many are used, where its item says so


class Ranked(NamedTuple):
    """An item's assets that show its ground, of one kind."""

    key: str
    href: str
    format: str
    role: str
    is_role_given: bool
    unread: str  # why it is not read; "" if it may be
    stated: Mapping[str, Any]

    @property
    def rank(self) -> tuple[int, bool, int, str]:
        """The best first."""
        return _ROLES.index(self.role), self.key != "image", _FORMATS.index(self.format), self.key


def ranked_assets(assets: Mapping[str, Any]) -> tuple[list[Ranked], list[str]]:
    """Return what may be the picture of an item, best first, and what to note. Raises BadItem where nothing may be."""
    if len(assets) > MAX_ASSETS:
        raise BadItem(f"it has {len(assets)} assets: at most {MAX_ASSETS}")
    pictures = sorted(_pictures(assets), key=lambda each: each.rank)
    readable = [each for each in pictures if not each.unread and each.role != "thumbnail"]
    notes = []
    if not readable and len(pictures) == 1 and not pictures[0].is_role_given:  # a thumbnail by its key alone
        readable = [each for each in pictures if not each.unread]
        notes = ["its only picture is called a thumbnail"]
    if readable:
        better = [each for each in pictures if each.unread and each.rank[0] < readable[0].rank[0]]
        return readable, notes + [f"its asset {each.key!r:.40} is not used: {each.unread}" for each in better]
    keys = ", ".join(f"{key!r:.40}" for key in list(assets)[:10]) or "none"
    unread = [each for each in pictures if each.unread]
    if unread:
        raise BadItem(unread[0].unread, named=f"asset {unread[0].key!r:.40}, {unread[0].href:.120}", remedy=TO_PNG)
    if pictures:
        raise BadItem(
            "it has nothing but a thumbnail", named=f"assets {keys}", remedy="give it its picture as an asset"
        )
    raise BadItem("none of its assets is a picture", named=f"assets {keys}", remedy="give it its picture as an asset")


def _pictures(assets: Mapping[str, Any]) -> Iterator[Ranked]:
    for key, stated in assets.items():
        if not isinstance(stated, dict) or not isinstance(stated.get("href"), str) or not stated["href"].strip():
            if key == "image" or len(assets) == 1:
                raise BadItem("the address of its picture is missing", named=f"assets.{key:.40}.href")
            continue
        href = stated["href"].strip()
        roles = roles_of(stated.get("roles"))
        if any(role in _NO_PICTURES or role.endswith("mask") for role in roles):
            continue
        found = _format(stated.get("type"), href)
        if found is None:
            continue
        said = next((role for role in _ROLES if role and role in roles), None)
        if found.readable == "GeoTIFF" and said != "visual" and _is_one_band(stated):
            said = "overview"  # a picture in one colour of many: whatever shows all goes before it
        by_key = "" if roles else _role_of_key(key.lower())
        if by_key is None:
            continue
        role = said or by_key
        yield Ranked(key, href, found.readable, role, said is not None, _unread(found, href), stated)


def _role_of_key(key: str) -> str | None:
    """Return the role that a key names, "" for none; None where what it names is no picture."""
    if key in _SYNONYMS or key in _ROLES:
        return _SYNONYMS.get(key, key)
    if key in _NO_PICTURES:
        return None
    found = [_WORDS[word] for word in re.split(r"[^a-z0-9]+", key) if word in _WORDS]
    return None if "" in found else next(iter(found), "")


def _is_one_band(stated: Mapping[str, Any]) -> bool:
    bands = next((stated[key] for key in ("bands", "eo:bands", "raster:bands") if key in stated), None)
    return isinstance(bands, list) and len(bands) == 1


def roles_of(value: object) -> list[str]:
    """Return the roles that an asset gives itself, in small letters."""
    given = value if isinstance(value, list) else [value]
    return [role.strip().lower() for role in given if isinstance(role, str)]


def is_geotiff(asset: Mapping[str, Any], href: str) -> bool:
    """Whether an asset is declared as a GeoTIFF, by its media type or its ending."""
    found = _format(asset.get("type"), href)
    return found is not None and found.readable == "GeoTIFF"


def is_picture(name: str) -> bool:
    """Whether a file is called as pictures are, of which an archive reads or converts some."""
    return PurePosixPath(name).suffix.lower() in _ENDINGS.keys() | _UNREAD_ENDINGS.keys()


class _Format(NamedTuple):
    readable: str = ""
    unread: str = ""


def _format(media_type: object, href: str) -> _Format | None:
    """Return a declared format; empty where nothing is declared that is known; None where it is no picture."""
    declared = media_type.split(";")[0].strip().lower() if isinstance(media_type, str) else ""
    path = re.split(r"[?#]", href)[0] if is_remote(href) else href
    ending = PurePosixPath(path).suffix.lower()
    by_ending = _by_ending(ending)
    if declared in _NO_TYPES or "/" not in declared:
        return by_ending
    if declared in _TYPES:
        return _Format(readable=_TYPES[declared])
    if not declared.startswith("image/"):
        return None
    unread = _Format(unread=_UNREAD_TYPES.get(declared, declared))
    return by_ending if declared not in _UNREAD_TYPES and by_ending and by_ending.readable else unread


def _by_ending(ending: str) -> _Format | None:
    if ending in _ENDINGS:
        return _Format(readable=_ENDINGS[ending])
    if ending in _UNREAD_ENDINGS:
        return _Format(unread=_UNREAD_ENDINGS[ending])
    return None if ending in _NO_PICTURE_ENDINGS else _Format()


def _unread(found: _Format, href: str) -> str:
    where = " on another machine (a remote asset)" if is_remote(href) else ""
    if found.unread:
        return f"its picture{where} is of the format {found.unread}, which is not read: PNG, JPEG, WebP and GeoTIFF are"
    return ""


def asset_of(ranked: Ranked, georeference: Georeference | BadItem | None, no_data: int | None = None) -> Asset:
    """Return an asset as it is kept. Raises BadItem."""
    size, checksum = ranked.stated.get("file:size"), ranked.stated.get("file:checksum")
    if checksum is not None and not isinstance(checksum, str):
        raise BadItem(f"file:checksum must be text, not {checksum!r:.40}")
    return Asset(
        key=ranked.key,
        href=ranked.href,
        format=ranked.format,
        georeference=georeference,
        size=None if size is None else int(number("file:size", size)),
        checksum=checksum,
        no_data=no_data,
        bits=stated_bits(ranked.stated),
    )
