"""Users, sign-ins and devices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.accounts import Device, LiveSignIn, Rotation, SignIn, User


class Accounts(Protocol):
    """Users, sign-ins and devices."""

    def add_user(self, *, email: str, password_hash: str, profile: str | None, now: datetime) -> User:
        """Keep a new user. Raises Conflict on a taken e-mail."""
        ...

    def find_user(self, email: str) -> tuple[User, str] | None:
        """Return the user of an e-mail address and the password's hash."""
        ...

    def set_password_hash(self, user_id: int, password_hash: str) -> None:
        """Replace a hash made with older parameters."""
        ...

    def sign_in(
        self,
        user_id: int,
        *,
        refresh_hash: str,
        now: datetime,
        expires_at: datetime,
        network: str = "",
        client: str = "",
        unchanged_since: datetime | None = None,
    ) -> int:
        """Keep a new sign-in, from where and with what; return its id.

        Raises NotSignedIn if the user was changed since: the password that was checked is no longer his.
        """
        ...

    def sign_ins(self, user_id: int, *, now: datetime) -> list[LiveSignIn]:
        """Return a user's live sign-ins, newest first."""
        ...

    def end_sign_in(self, sign_in_id: int, *, user_id: int, now: datetime) -> None:
        """End one of a user's live sign-ins. Raises NotFound."""
        ...

    def change_password(self, user_id: int, *, old_hash: str, new_hash: str, now: datetime) -> None:
        """Replace a password and end all of the user's sign-ins. Raises Conflict if it was replaced just now."""
        ...

    def delete_ended(self, *, before: datetime, limit: int) -> int:
        """Delete sign-ins that ended before, with their refresh tokens, at most that many; return how many."""
        ...

    def is_known(self, user_id: int, network: str) -> bool:
        """Did the user sign in from there before?"""
        ...

    def signed_in(self, sign_in_id: int, *, now: datetime) -> SignIn:
        """Return a live sign-in. Raises NotSignedIn."""
        ...

    def rotate_refresh(
        self, old_hash: str, *, nonce: str, new_hash: str, now: datetime, expires_at: datetime, grace: timedelta
    ) -> Rotation:
        """Exchange a refresh token, once; a later use ends the sign-in, after the grace. Raises NotSignedIn.

        Within the grace the nonce of the first use is returned.
        """
        ...

    def sign_out(self, sign_in_id: int, *, now: datetime) -> None:
        """End a sign-in."""
        ...

    def add_device(self, user_id: int, *, token: str, platform: str, now: datetime) -> Device:
        """Keep a device, taking it over from a former owner. Raises LimitReached."""
        ...

    def devices(self, user_id: int) -> list[Device]:
        """Return a user's devices."""
        ...

    def remove_device(self, device_id: int, *, user_id: int) -> None:
        """Forget a user's device. Raises NotFound."""
        ...
