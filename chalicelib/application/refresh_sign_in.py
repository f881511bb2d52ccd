"""Keep a sign-in fresh: exchange its refresh token for a new pair."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock, NewToken
from chalicelib.application.ports.tokens import Tokens
from chalicelib.domain.accounts import REFRESH_GRACE, Credentials, Lifetimes, refresh_digest, refresh_successor


def refresh_sign_in(
    refresh_token: str,
    *,
    accounts: Accounts,
    tokens: Tokens,
    clock: Clock,
    new_token: NewToken,
    lifetimes: Lifetimes,
) -> Credentials:
    """Exchange a refresh token for a new pair. Raises NotSignedIn.

    Used again within the grace, by two at once or after a lost answer, it gives the same successor; used later it ends
    the sign-in.
    """
    now = clock()
    nonce = new_token()
    rotation = accounts.rotate_refresh(
        refresh_digest(refresh_token),
        nonce=nonce,
        new_hash=refresh_digest(refresh_successor(refresh_token, nonce)),
        now=now,
        expires_at=now + lifetimes.refresh,
        grace=REFRESH_GRACE,
    )
    successor = refresh_successor(refresh_token, rotation.nonce)
    access_token = tokens.issue(rotation.sign_in.sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=rotation.sign_in.user, access_token=access_token, refresh_token=successor)
