"""The sockets: which adapter answers which port. Lazy, cached, the only place that names adapters."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.ports import (
    Accounts,
    Alerts,
    Areas,
    Imagery,
    Images,
    Jobs,
    Links,
    Passwords,
    Secrets,
    Sessions,
    Tokens,
)
from chalicelib.settings import settings

PROVIDERS = ("sample", "archive", "google_static")


def clock() -> datetime:
    """Tell the time, as aware UTC."""
    return datetime.now(UTC)


def accounts() -> Accounts:
    """Give users, sign-ins and devices."""
    raise NotImplementedError


def areas() -> Areas:
    """Give the areas people watch."""
    raise NotImplementedError


def sessions() -> Sessions:
    """Give sessions and their tile runs."""
    raise NotImplementedError


def alerts() -> Alerts:
    """Give what people are shown."""
    raise NotImplementedError


def images() -> Images:
    """Give the image store."""
    raise NotImplementedError


def jobs() -> Jobs:
    """Give the way to the queues."""
    raise NotImplementedError


def secrets() -> Secrets:
    """Give the secret store."""
    raise NotImplementedError


def imagery(name: str) -> Imagery:
    """Give a provider. Raises Invalid, with the pointer `/provider`, for one that is not known or not set up here."""
    raise NotImplementedError(name)


def database_check() -> None:
    """Raise Unavailable if the database does not answer."""
    raise NotImplementedError


@cache
def passwords() -> Passwords:
    """Give the hasher of passwords."""
    from chalicelib.adapters.passwords import Argon2Passwords

    return Argon2Passwords()


@cache
def tokens() -> Tokens:
    """Give the maker of access tokens."""
    from chalicelib.adapters.tokens import JwtTokens

    return JwtTokens.from_secret(_secret(settings().token_secret))


@cache
def links() -> Links:
    """Give the signer of image links."""
    from chalicelib.adapters.links import SignedLinks

    return SignedLinks(_secret(settings().link_secret), expires_s=settings().link_expires_s)


def _secret(name: str) -> str:
    try:
        return secrets().get(name)
    except NotFound:  # to a client, that is no 404
        raise Unavailable(f"there is no secret {name}") from None


def reset() -> None:
    """Forget everything made so far."""
    for made in (passwords, tokens, links):
        made.cache_clear()
