"""Change a password."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock, NewToken
from chalicelib.application.ports.passwords import Passwords
from chalicelib.application.ports.tokens import Tokens
from chalicelib.application.sign_in import Guard, account_key, begin_guess, end_right_guess, new_credentials
from chalicelib.domain.accounts import Credentials, Lifetimes, User, checked_password, normalised_password
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Invalid, NotAllowed


def change_password(
    user: User,
    old: str,
    new: str,
    *,
    accounts: Accounts,
    passwords: Passwords,
    tokens: Tokens,
    clock: Clock,
    new_token: NewToken,
    lifetimes: Lifetimes,
    guard: Guard,
) -> Credentials:
    """Change a user's password, end all of his sign-ins, and sign in who asked anew.

    The old password is guarded as at signing in: who holds a stolen token has no more guesses. Raises NotAllowed if it
    is wrong, Invalid, LimitReached, and Conflict of two changes at once.
    """
    now, whose = clock(), account_key(user.email)
    is_known = accounts.is_known(user.user_id, guard.network)
    begin_guess(whose, guard=guard, is_known=is_known, now=now)
    found = accounts.find_user(user.email)
    if found is None or not passwords.verify(normalised_password(old), found[1]):
        about = "change of the password"
        guard.audit.record(Deed.SIGN_IN_FAILED, now=now, user_id=user.user_id, network=guard.network, about=about)
        raise NotAllowed("the old password is wrong")
    end_right_guess(whose, guard=guard, is_known=is_known)
    chosen = checked_password(new, email=user.email, is_common=passwords.is_common, pointer="/newPassword")
    if chosen == normalised_password(old):
        raise Invalid("the new password is the old one", pointer="/newPassword")
    new_hash = passwords.hash(chosen)
    accounts.change_password(user.user_id, old_hash=found[1], new_hash=new_hash, now=now)
    return new_credentials(
        replace(user, updated_at=now),
        accounts=accounts,
        tokens=tokens,
        now=now,
        new_token=new_token,
        lifetimes=lifetimes,
        guard=guard,
    )
