"""Recognise a sign-in by its access token."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.tokens import Tokens
from chalicelib.domain.accounts import SignIn


def current_sign_in(access_token: str, *, accounts: Accounts, tokens: Tokens, clock: Clock) -> SignIn:
    """Return the live sign-in that an access token names. Raises NotSignedIn."""
    now = clock()
    return accounts.signed_in(tokens.sign_in_id(access_token, now=now), now=now)
