"""Register a user."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.passwords import Passwords
from chalicelib.domain.accounts import User, checked_password, checked_profile, email_key


def register(
    email: str, password: str, profile: str | None, *, accounts: Accounts, passwords: Passwords, clock: Clock
) -> User:
    """Keep a new user. Raises Invalid, and Conflict on a taken e-mail address."""
    email_key(email)
    chosen = checked_password(password, email=email, is_common=passwords.is_common, pointer="/password")
    password_hash = passwords.hash(chosen)
    return accounts.add_user(
        email=email.strip(), password_hash=password_hash, profile=checked_profile(profile), now=clock()
    )
