"""Users, their sign-ins and their devices, and what an e-mail address and a password must be like."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.errors import Invalid
from chalicelib.domain.plain_text import plain

MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3
MAX_PROFILE = 500
MIN_PASSWORD = 8  # of a new one; those of before stay as they are
MAX_PASSWORD_BYTES = 1024
DEVICES_PER_USER = 20
REFRESH_GRACE = timedelta(seconds=10)  # for a client that did not get the answer to its refresh, and asks again
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with an account."""

    user_id: int
    email: str
    profile: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One signed-in client: what an access token names and what can be revoked."""

    sign_in_id: int
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSignIn:
    """A sign-in as its owner sees it: since when, from where (an IPv4 address or IPv6 /64) and with what."""

    sign_in_id: int
    created_at: datetime
    expires_at: datetime
    network: str | None
    client: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A refresh token that was exchanged: of which sign-in, and with which nonce its successor is made."""

    sign_in: SignIn
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone that wants pushes."""

    device_id: int
    user_id: int
    token: str
    platform: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a sign-in's two tokens last."""

    access: timedelta
    refresh: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client holds once it has signed in."""

    user: User
    access_token: str
    refresh_token: str


def email_key(email: str) -> str:
    """Normalise an e-mail address to the form under which it is unique. Raises Invalid for anything else.

    >>> email_key("Asha@Example.ORG")
    'asha@example.org'
    """
    key = unicodedata.normalize("NFKC", email.strip()).casefold()
    if len(key) > MAX_EMAIL or not _EMAIL.fullmatch(key):
        raise Invalid("this is not an e-mail address", pointer="/email")
    if any(unicodedata.category(character).startswith("C") for character in key):
        raise Invalid("an e-mail address has no invisible characters", pointer="/email")
    return key


def checked_password(password: str, *, email: str, is_common: Callable[[str], bool], pointer: str) -> str:
    """Return a new password, normalised, if it may be used. Raises Invalid."""
    password = normalised_password(password)
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"a password has at least {MIN_PASSWORD} characters", pointer=pointer)
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
        raise Invalid(f"a password has at most {MAX_PASSWORD_BYTES} bytes", pointer=pointer)
    seen = plain(password)
    if not seen:
        raise Invalid("a password is more than blanks and signs that nobody sees", pointer=pointer)
    folded, key = unicodedata.normalize("NFKC", seen).casefold(), email_key(email)
    if folded in {key, key.rpartition("@")[0]}:
        raise Invalid("a password is not the e-mail address, nor what stands before its @", pointer=pointer)
    if is_common(folded):
        raise Invalid("this password is one of the most common ones, which are tried first", pointer=pointer)
    return password


def checked_profile(profile: str | None) -> str | None:
    """Return the profile if it is short enough to keep. Raises Invalid."""
    if profile is not None and len(profile) > MAX_PROFILE:
        raise Invalid(f"a profile has at most {MAX_PROFILE} characters", pointer="/profile")
    return profile


def normalised_password(password: str) -> str:
    """Normalise a password to NFC: keyboards differ in how they compose the same character."""
    return unicodedata.normalize("NFC", password)


def refresh_digest(refresh_token: str) -> str:
    """Return the form in which a refresh token is kept.

    32 random bytes need no slow hash: nobody guesses them, and the table alone gives nobody a sign-in.
    """
    return hashlib.sha256(refresh_token.encode()).hexdigest()


def refresh_successor(refresh_token: str, nonce: str) -> str:
    """Return the refresh token that follows one: 32 bytes, URL-safe, the same each time for the same nonce.

    So a refresh whose answer was lost can be answered again, though neither token is kept: the table holds the nonce,
    the client the token, and either alone gives nothing.
    """
    made = hmac.new(nonce.encode(), refresh_token.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
