"""Access tokens as JWTs: HS256, since one service both signs and verifies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from typing_extensions import override

from chalicelib.application.ports.clock import NewId
from chalicelib.application.ports.tokens import Tokens
from chalicelib.domain.errors import NotSignedIn

ALGORITHM = "HS256"
KIND = "at+jwt"  # RFC 9068: an access token, and nothing else that we may sign one day
ISSUER = "bhuprahari"
AUDIENCE = "bhuprahari-api"
REQUIRED = ("exp", "iat", "sub", "iss", "aud", "jti")
MIN_KEY_BYTES = 32
LONGEST = 4096
TOKENS_KEPT = 1000  # whose signature is not checked again: a tenth of what a small answer takes
AHEAD_S = 60  # by how much another machine's clock may be fast
LATEST = 253_402_300_799  # the last second of the year 9999
LARGEST_ID = 2**63 - 1  # what the database's numbers hold
_ID = re.compile(r"[1-9][0-9]{0,18}")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515: no padding, no blanks


class JwtTokens(Tokens):
    """Signs with the first key, verifies with any: add a new one in front, and drop the old one later."""

    def __init__(self, keys: Mapping[str, str], *, new_id: NewId) -> None:
        if not keys:
            raise ValueError("the secret of the access tokens holds no key")
        for kid, key in keys.items():
            if len(key.encode()) < MIN_KEY_BYTES:
                raise ValueError(f"the token key {kid!r} must have at least {MIN_KEY_BYTES} bytes")
        self._keys, self._new_id = dict(keys), new_id
        self._current = next(iter(keys))
        # A token that held is asked again with each request. What says no is not kept: strangers could fill it.
        self._claims = lru_cache(maxsize=TOKENS_KEPT)(self._checked_claims)

    @classmethod
    def from_secret(cls, text: str, *, new_id: NewId) -> JwtTokens:
        """Parse the keys of a secret: a JSON object of key ids and keys, the signing one first."""
        try:
            keys: Any = json.loads(text)
        except ValueError:
            keys = None
        if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
            raise ValueError('the secret of the access tokens must be a JSON object like {"2026-11": "<32 bytes>"}')
        return cls(keys, new_id=new_id)

    @override
    def issue(self, sign_in_id: int, *, now: datetime, expires_at: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(sign_in_id),
            "jti": self._new_id(),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        headers = {"kid": self._current, "typ": KIND}
        return jwt.encode(claims, self._keys[self._current], algorithm=ALGORITHM, headers=headers)

    @override
    def sign_in_id(self, token: str, *, now: datetime) -> int:
        if len(token) > LONGEST or not _COMPACT.fullmatch(token):
            raise NotSignedIn("the access token is not valid")
        try:
            claims = self._claims(token)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise NotSignedIn("the access token is not valid") from None
        issued, expires, subject = claims["iat"], claims["exp"], claims["sub"]
        begins = claims.get("nbf", issued)
        if not all(_is_time(time) for time in (issued, expires, begins)) or issued >= expires or not _is_id(subject):
            raise NotSignedIn("the access token is not valid")
        if max(issued, begins) > now.timestamp() + AHEAD_S:
            raise NotSignedIn("the access token is from the future")
        if expires <= now.timestamp():
            raise NotSignedIn("the access token has expired: sign in again")
        return int(subject)

    def _checked_claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        key = self._keys.get(str(header.get("kid")))
        if key is None or header.get("typ") != KIND or set(header) - {"alg", "kid", "typ"}:
            raise ValueError("not a token of ours")  # jku, x5u, jwk, crit, b64: we never sign such
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # The clock is ours to read: time is checked above.
            options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        if claims["aud"] != AUDIENCE:  # a list with it among others is let through above
            raise ValueError("not for us alone")
        return claims


def _is_time(claim: object) -> bool:
    return type(claim) is int and 0 <= claim <= LATEST


def _is_id(subject: object) -> bool:
    return isinstance(subject, str) and _ID.fullmatch(subject) is not None and int(subject) <= LARGEST_ID
