"""Image bytes by key: a folder, or S3."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol


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

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is no error. Raises Unavailable."""
        ...

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List objects whose key comes after `key`, in the order of the keys' UTF-8 bytes."""
        ...

    def link(self, key: str, *, expires_s: int) -> str | None:
        """Return a URL that serves the object by itself for a while, or None where this store has no such thing."""
        ...

    def check(self) -> None:
        """Raise Unavailable if the store cannot be reached."""
        ...
