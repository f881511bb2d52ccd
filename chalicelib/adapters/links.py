"""Image links: HMAC-SHA256 over one object's key and an expiry."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from functools import lru_cache

from typing_extensions import override

from chalicelib.application.ports.links import Links
from chalicelib.domain.errors import NotAllowed

MIN_KEY_BYTES = 32
STEP_S = 3600  # expiries lie on full hours, so that a listing repeated within one gives the same URLs: caches work
SIGNED_KEPT = 10_000
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")


class SignedLinks(Links):
    """Signs links with one key. A new key ends every link that is out."""

    def __init__(self, key: str, *, expires_s: int) -> None:
        if len(key.encode()) < MIN_KEY_BYTES:
            raise ValueError(f"the key of the image links must have at least {MIN_KEY_BYTES} bytes")
        self._key = key.encode()
        self._expires_s = expires_s
        # A list names an image twice, and who polls asks for the same ones again. What is checked is not kept.
        self._signed = lru_cache(maxsize=SIGNED_KEPT)(self._signature)

    @override
    def sign(self, key: str, *, now: datetime) -> str:
        expires = str((int(now.timestamp()) // STEP_S + 1) * STEP_S + self._expires_s)
        return f"{key}?expires={expires}&signature={self._signed(key, expires)}"

    @override
    def check(self, key: str, *, expires: str, signature: str, now: datetime) -> None:
        expected = self._signature(key, expires)
        if not hmac.compare_digest(signature.encode(), expected.encode()) or not _SECONDS.fullmatch(expires):
            raise NotAllowed("this link is not valid")
        if int(expires) <= now.timestamp():
            raise NotAllowed("this link has expired: list what it belongs to again")

    def _signature(self, key: str, expires: str) -> str:
        # The newline cannot be in an expiry that passes, so no two pairs sign alike.
        return hmac.digest(self._key, f"{expires}\n{key}".encode(), "sha256").hex()
