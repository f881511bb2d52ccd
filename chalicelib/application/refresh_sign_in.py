"""Keep a sign-in fresh: exchange its refresh token for a new pair."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock, NewToken
from chalicelib.application.ports.tokens import Tokens
from chalicelib.domain.accounts import Credentials, Lifetimes, refresh_digest


def refresh_sign_in(
    refresh_token: str,
    *,
    accounts: Accounts,
    tokens: Tokens,
    clock: Clock,
    new_token: NewToken,
    lifetimes: Lifetimes,
) -> Credentials:
    """Exchange a refresh token for a new pair, once: a second use ends the sign-in. Raises NotSignedIn."""
    now = clock()
    successor = new_token()
    signed_in = accounts.rotate_refresh(
        refresh_digest(refresh_token), new_hash=refresh_digest(successor), now=now, expires_at=now + lifetimes.refresh
    )
    access_token = tokens.issue(signed_in.sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=signed_in.user, access_token=access_token, refresh_token=successor)
