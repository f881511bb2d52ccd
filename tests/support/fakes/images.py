"""The image store in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from chalicelib.adapters.images.keys import KEY
from chalicelib.application.ports.images import StoredObject
from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from tests.support.fakes.clock import A_MOMENT


class MemoryImages:
    """Images in a dictionary; `away` makes every call fail."""

    def __init__(self, contents: Mapping[str, bytes] = {}, *, now: datetime = A_MOMENT) -> None:
        self.contents = dict(contents)
        self.modified_at = dict.fromkeys(contents, now)
        self.now = now
        self.away = False

    def get(self, key: str) -> bytes:
        self.check()
        if key not in self.contents:
            raise NotFound("there is no such image")
        return self.contents[key]

    def has(self, key: str) -> bool:
        self.check()
        return key in self.contents

    def put(self, key: str, content: bytes) -> None:
        if not KEY.fullmatch(key):
            raise Invalid(f"an image key must be made of letters, digits and . _ - between slashes, not {key!r}")
        self.check()
        if key not in self.contents:
            self.contents[key] = bytes(content)
            self.modified_at[key] = self.now

    def put_file(self, key: str, content: BinaryIO, *, media_type: str) -> None:
        self.put(key, content.read())

    def delete(self, keys: Iterable[str]) -> None:
        self.check()
        for key in keys:
            self.contents.pop(key, None)
            self.modified_at.pop(key, None)

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        self.check()
        names = sorted(name for name in self.contents if name > key and name.startswith(prefix))
        return [StoredObject(name, self.modified_at[name]) for name in names[:limit]]

    def link(self, key: str, *, expires_s: int, media_type: str = "image/png", file_name: str = "") -> str | None:
        return None

    def path_of(self, key: str) -> Path | None:
        return None

    def upload_link(self, key: str, *, size_bytes: int, media_type: str, expires_s: int) -> str | None:
        return None

    def check(self) -> None:
        if self.away:
            raise Unavailable("the image store is away")
