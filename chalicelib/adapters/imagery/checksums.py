"""The checksum that an item may state of its picture: `file:checksum`, a multihash in hexadecimal.

Source: STAC file extension 2.1; https://multiformats.io/multihash/ (the codes of its table).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.domain.errors import BadImage

# The code and the length of the digest, as they stand in front of it.
_KINDS = {"1114": "sha1", "1220": "sha256", "1340": "sha512", "1620": "sha3_256", "1440": "sha3_512", "d50110": "md5"}


def is_known(checksum: str) -> bool:
    """Whether a checksum is of a kind that can be checked."""
    return _kind_of(checksum) is not None


def check_checksum(content: bytes, checksum: str | None) -> None:
    """Check a file's bytes; a checksum of an unknown kind says nothing. Raises BadImage."""
    check_parts([content], checksum)


def check_parts(parts: Iterable[bytes], checksum: str | None) -> None:
    """Check a file's bytes that come in parts. Raises BadImage, and what the parts raise."""
    kind = _kind_of(checksum) if checksum else None
    if checksum is None or kind is None:
        return
    begin, name = kind
    digest = hashlib.new(name, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    found = digest.hexdigest()
    stated = checksum.strip().lower().removeprefix(begin)
    if found != stated:
        raise BadImage(
            f"file:checksum says {stated[:12]}…, the picture has {found[:12]}…: it is another file, or damaged"
        )


def sha256_of(parts: Iterable[bytes]) -> str:
    """Return what a STAC item states of a file's bytes: the multihash of their SHA-256."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return f"1220{digest.hexdigest()}"


class Checks:
    """Holds pictures against the checksums of their items: all of them, or as many as have so many bytes together."""

    def __init__(self, read: Callable[[StoredFile], Iterable[bytes]], *, most_bytes: int | None) -> None:
        self._read, self._left = read, most_bytes
        self.left_out: set[StoredFile] = set()

    def check(self, file: StoredFile, checksum: str) -> None:
        """Check a file, unless it is too large for what may still be read. Raises as `check_parts` does."""
        if self._left is not None:
            if file.size > self._left:
                self.left_out.add(file)
                return
            self._left -= file.size
        check_parts(self._read(file), checksum)


def _kind_of(checksum: str) -> tuple[str, str] | None:
    text = checksum.strip().lower()
    lengths = {begin: len(begin) + 2 * int(begin[-2:], 16) for begin in _KINDS}
    return next(
        ((begin, _KINDS[begin]) for begin in _KINDS if text.startswith(begin) and len(text) == lengths[begin]), None
    )
