"""Image bytes by key: a folder, or S3."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol


class StoredObject(NamedTuple):
    """One object as a listing shows it."""

    key: str
    modified_at: datetime


class Images(Protocol):
    """Image bytes by key. A key is written once: putting the same key again changes nothing."""

    def get(self, key: str) -> bytes:
        """Return the bytes. Raises NotFound, Unavailable."""
        ...

    def has(self, key: str) -> bool:
        """Whether the object is there. Raises Unavailable."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Keep the bytes: all of them or nothing. Raises Unavailable."""
        ...

    def put_file(self, key: str, content: BinaryIO, *, media_type: str) -> None:
        """Keep a large file, from where it is read on: all of it or nothing, and never all of it in memory.

        Raises Unavailable.
        """
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is no error. Raises Unavailable."""
        ...

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List objects whose key comes after `key`, in the order of the keys' UTF-8 bytes."""
        ...

    def link(self, key: str, *, expires_s: int, media_type: str = "image/png", file_name: str = "") -> str | None:
        """Return a URL that serves the object by itself for a while, or None where this store has no such thing.

        With a name it is saved as a file that is called so.
        """
        ...

    def path_of(self, key: str) -> Path | None:
        """Return where the object lies on this machine, or None where it does not. Raises NotFound, Unavailable."""
        ...

    def upload_link(self, key: str, *, size_bytes: int, media_type: str, expires_s: int) -> str | None:
        """Return a URL that takes an object of that size and type for a while, or None where there is no such thing."""
        ...

    def check(self) -> None:
        """Raise Unavailable if the store cannot be reached."""
        ...
