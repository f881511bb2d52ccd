"""Sign a user in."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock, NewToken
from chalicelib.application.ports.passwords import Passwords
from chalicelib.application.ports.tokens import Tokens
from chalicelib.domain.accounts import (
    Credentials,
    Lifetimes,
    User,
    email_key,
    normalised_password,
    refresh_digest,
)
from chalicelib.domain.errors import Invalid, NotSignedIn


def sign_in(
    email: str,
    password: str,
    *,
    accounts: Accounts,
    passwords: Passwords,
    tokens: Tokens,
    clock: Clock,
    new_token: NewToken,
    lifetimes: Lifetimes,
) -> Credentials:
    """Sign a user in. Raises NotSignedIn, the same one in the same time for an unknown user and a wrong password."""
    typed = normalised_password(password)
    found = _find(email, accounts)
    if not passwords.verify(typed, found[1] if found else None) or found is None:
        raise NotSignedIn("the e-mail address or the password is wrong")
    user, password_hash = found
    if passwords.is_outdated(password_hash):
        accounts.set_password_hash(user.user_id, passwords.hash(typed))
    now = clock()
    refresh_token = new_token()
    sign_in_id = accounts.sign_in(
        user.user_id, refresh_hash=refresh_digest(refresh_token), now=now, expires_at=now + lifetimes.refresh
    )
    access_token = tokens.issue(sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=user, access_token=access_token, refresh_token=refresh_token)


def _find(email: str, accounts: Accounts) -> tuple[User, str] | None:
    try:
        email_key(email)
    except Invalid:
        return None  # nobody has it, and nobody learns more than that
    return accounts.find_user(email)
