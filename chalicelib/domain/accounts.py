"""Users, their sign-ins and their devices."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import Invalid

MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3
MAX_PROFILE = 500
MIN_PASSWORD = 6  # the existing client's form lets six through
MAX_PASSWORD_BYTES = 1024
DEVICES_PER_USER = 20
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who signs in."""

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
class Device:
    """A phone that wants pushes."""

    device_id: int
    user_id: int
    token: str
    platform: str
    created_at: datetime
    seen_at: datetime


def email_key(email: str) -> str:
    """Give the form under which an e-mail address is unique. Raises Invalid for what is none.

    >>> email_key("Asha@Example.ORG")
    'asha@example.org'
    """
    key = unicodedata.normalize("NFKC", email.strip()).casefold()
    if len(key) > MAX_EMAIL or not _EMAIL.fullmatch(key):
        raise Invalid("this is not an e-mail address", pointer="/email")
    if any(unicodedata.category(character).startswith("C") for character in key):
        raise Invalid("an e-mail address has no invisible characters", pointer="/email")
    return key


def checked_password(password: str) -> str:
    """Give the password back if it may be used. Raises Invalid."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"a password has at least {MIN_PASSWORD} characters", pointer="/password")
    if len(password.encode("utf-8", "surrogatepass")) > MAX_PASSWORD_BYTES:
        raise Invalid(f"a password has at most {MAX_PASSWORD_BYTES} bytes", pointer="/password")
    return password
