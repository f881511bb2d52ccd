"""Sign a user in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.application.admit import Limits, admit, bucket_key
from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.audit import Audit
from chalicelib.application.ports.buckets import Buckets
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
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Invalid, NotSignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Who tries to sign in, from where and with what; and what holds back who guesses."""

    network: str
    client: str
    buckets: Buckets
    limits: Limits
    audit: Audit


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
    guard: Guard,
) -> Credentials:
    """Sign a user in. Raises LimitReached after many wrong passwords.

    Raises NotSignedIn, the same one in the same time for an unknown user and a wrong password.
    """
    typed = normalised_password(password)
    found = _find(email, accounts)
    now = clock()
    is_known = accounts.is_known(found[0].user_id if found else 0, guard.network)
    whose = account_key(email)
    begin_guess(whose, guard=guard, is_known=is_known, now=now)
    if not passwords.verify(typed, found[1] if found else None) or found is None:
        user_id = found[0].user_id if found else 0
        guard.audit.record(Deed.SIGN_IN_FAILED, now=now, user_id=user_id, network=guard.network)
        raise NotSignedIn("the e-mail address or the password is wrong")
    end_right_guess(whose, guard=guard, is_known=is_known)
    user, password_hash = found
    if passwords.is_outdated(password_hash):
        accounts.set_password_hash(user.user_id, passwords.hash(typed))
    return new_credentials(
        user,
        accounts=accounts,
        tokens=tokens,
        now=now,
        new_token=new_token,
        lifetimes=lifetimes,
        guard=guard,
    )


def new_credentials(
    user: User,
    *,
    accounts: Accounts,
    tokens: Tokens,
    now: datetime,
    new_token: NewToken,
    lifetimes: Lifetimes,
    guard: Guard,
) -> Credentials:
    """Make a sign-in of a user whose password was right. Raises NotSignedIn if it was changed meanwhile."""
    refresh_token = new_token()
    sign_in_id = accounts.sign_in(
        user.user_id,
        refresh_hash=refresh_digest(refresh_token),
        now=now,
        expires_at=now + lifetimes.refresh,
        network=guard.network,
        client=guard.client,
        unchanged_since=user.updated_at,
    )
    access_token = tokens.issue(sign_in_id, now=now, expires_at=now + lifetimes.access)
    return Credentials(user=user, access_token=access_token, refresh_token=refresh_token)


def account_key(email: str) -> str:
    """Return what an account's wrong passwords are counted under; one that does not exist is counted as well."""
    try:
        return email_key(email)
    except Invalid:
        return email


def begin_guess(whose: str, *, guard: Guard, is_known: bool, now: datetime) -> None:
    """Count a try before it is known to be wrong, so that many at once are many. Raises LimitReached.

    Each address has its own count for each account, and is refused there first: whoever guesses from few addresses
    slows down nobody but himself. All addresses that the account never signed in from share one more: who guesses from
    many slows those down, and never one from where the owner signed in before.
    """
    pair = f"{whose}\0{guard.network}"
    admit(pair, 1, guard.limits.guesses, buckets=guard.buckets, now=now)
    if not is_known:
        admit(whose, 1, guard.limits.strangers, buckets=guard.buckets, now=now)


def end_right_guess(whose: str, *, guard: Guard, is_known: bool) -> None:
    """Forget the wrong passwords of who then typed the right one."""
    guard.buckets.fill(bucket_key(guard.limits.guesses, f"{whose}\0{guard.network}"))
    if not is_known:
        guard.buckets.give_back(bucket_key(guard.limits.strangers, whose), 1, guard.limits.strangers)


def _find(email: str, accounts: Accounts) -> tuple[User, str] | None:
    try:
        email_key(email)
    except Invalid:
        return None  # nobody has it, and nobody learns more than that
    return accounts.find_user(email)
