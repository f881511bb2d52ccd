"""Register a user."""

from __future__ import annotations

from chalicelib.application.ports.accounts import Accounts
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.passwords import Passwords
from chalicelib.domain.accounts import User, checked_password, checked_profile, email_key, normalised_password


def register(
    email: str, password: str, profile: str | None, *, accounts: Accounts, passwords: Passwords, clock: Clock
) -> User:
    """Keep a new user. Raises Invalid, and Conflict on a taken e-mail address."""
    email_key(email)
    password_hash = passwords.hash(normalised_password(checked_password(password)))
    return accounts.add_user(
        email=email.strip(), password_hash=password_hash, profile=checked_profile(profile), now=clock()
    )
