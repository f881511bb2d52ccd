"""Users, their sign-ins and their devices, and the rules by which somebody signs in."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.errors import Invalid, NotSignedIn

if TYPE_CHECKING:  # ports.py imports the values above them
    from chalicelib.domain.ports import Clock, Passwords, Tokens
    from chalicelib.domain.records import Accounts

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


def checked_profile(profile: str | None) -> str | None:
    """Give the profile back if it is short enough to keep. Raises Invalid."""
    if profile is not None and len(profile) > MAX_PROFILE:
        raise Invalid(f"a profile has at most {MAX_PROFILE} characters", pointer="/profile")
    return profile


def register(
    email: str, password: str, profile: str | None, *, accounts: Accounts, passwords: Passwords, clock: Clock
) -> User:
    """Keep a new user. Raises Invalid, and Conflict on a taken e-mail address."""
    email_key(email)
    password_hash = passwords.hash(_typed_anywhere(checked_password(password)))
    return accounts.add_user(
        email=email.strip(), password_hash=password_hash, profile=checked_profile(profile), now=clock()
    )


def sign_in(
    email: str,
    password: str,
    *,
    accounts: Accounts,
    passwords: Passwords,
    tokens: Tokens,
    clock: Clock,
    lifetimes: Lifetimes,
) -> Credentials:
    """Sign a user in. Raises NotSignedIn, the same one in the same time for an unknown user and a wrong password."""
    typed = _typed_anywhere(password)
    found = _find(email, accounts)
    if not passwords.verify(typed, found[1] if found else None) or found is None:
        raise NotSignedIn("the e-mail address or the password is wrong")
    user, password_hash = found
    if passwords.is_outdated(password_hash):
        accounts.set_password_hash(user.user_id, passwords.hash(typed))
    now = clock()
    refresh_token = secrets.token_urlsafe(32)
    sign_in_id = accounts.sign_in(
        user.user_id, refresh_hash=_digest(refresh_token), now=now, expires_at=now + lifetimes.refresh
    )
    access_token = tokens.issue(sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=user, access_token=access_token, refresh_token=refresh_token)


def refresh(
    refresh_token: str, *, accounts: Accounts, tokens: Tokens, clock: Clock, lifetimes: Lifetimes
) -> Credentials:
    """Exchange a refresh token for a new pair, once: a second use ends the sign-in. Raises NotSignedIn."""
    now = clock()
    successor = secrets.token_urlsafe(32)
    signed_in = accounts.rotate_refresh(
        _digest(refresh_token), new_hash=_digest(successor), now=now, expires_at=now + lifetimes.refresh
    )
    access_token = tokens.issue(signed_in.sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=signed_in.user, access_token=access_token, refresh_token=successor)


def current_sign_in(access_token: str, *, accounts: Accounts, tokens: Tokens, clock: Clock) -> SignIn:
    """Give the live sign-in that an access token names. Raises NotSignedIn."""
    now = clock()
    return accounts.signed_in(tokens.sign_in_id(access_token, now=now), now=now)


def _find(email: str, accounts: Accounts) -> tuple[User, str] | None:
    try:
        email_key(email)
    except Invalid:
        return None  # nobody has it, and nobody learns more than that
    return accounts.find_user(email)


def _typed_anywhere(password: str) -> str:
    # Keyboards differ in how they compose the same character.
    return unicodedata.normalize("NFC", password)


def _digest(refresh_token: str) -> str:
    # 32 random bytes need no slow hash: nobody guesses them, and the table alone gives nobody a sign-in.
    return hashlib.sha256(refresh_token.encode()).hexdigest()
