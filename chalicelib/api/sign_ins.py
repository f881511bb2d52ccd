"""A user's own sign-ins, and the password."""

from __future__ import annotations

from datetime import datetime

from chalice.app import Request

from chalicelib.api.accounts import SignedIn, guard_of, lifetimes_of
from chalicelib.api.http import Api, ApiModel, Body
from chalicelib.application import change_password as changing
from chalicelib.composition import Ports
from chalicelib.domain.accounts import LiveSignIn, SignIn

api = Api(__name__)


class SignInOut(ApiModel):
    """One of your sign-ins: since when, from where and with what. `isCurrent` is the one that asks."""

    id: int
    created_at: datetime
    expires_at: datetime
    address: str | None
    client: str | None
    is_current: bool

    @classmethod
    def of(cls, found: LiveSignIn, current: SignIn) -> SignInOut:
        """Show a sign-in."""
        return cls(
            id=found.sign_in_id,
            created_at=found.created_at,
            expires_at=found.expires_at,
            address=found.network,
            client=found.client,
            is_current=found.sign_in_id == current.sign_in_id,
        )


class NewPassword(Body):
    """A new password, and the old one."""

    old_password: str
    new_password: str


@api.route("/api/auth/sign-ins", response=list[SignInOut])
def list_sign_ins(ports: Ports, sign_in: SignIn) -> list[SignInOut]:
    """List where you are signed in, newest first."""
    found = ports.accounts.sign_ins(sign_in.user.user_id, now=ports.clock())
    return [SignInOut.of(each, sign_in) for each in found]


@api.route("/api/auth/sign-ins/{sign_in_id}", method="DELETE", status=204)
def end_sign_in(ports: Ports, sign_in: SignIn, sign_in_id: int) -> None:
    """End one of your sign-ins: its tokens are worth nothing from now on."""
    ports.accounts.end_sign_in(sign_in_id, user_id=sign_in.user.user_id, now=ports.clock())


@api.route("/api/auth/password", method="POST", body=NewPassword, response=SignedIn, extra_statuses=(403, 409))
def change_password(ports: Ports, request: Request, sign_in: SignIn, body: NewPassword) -> SignedIn:
    """Change your password: all your sign-ins end, and you get a new one."""
    credentials = changing.change_password(
        sign_in.user,
        body.old_password,
        body.new_password,
        accounts=ports.accounts,
        passwords=ports.passwords,
        tokens=ports.tokens,
        clock=ports.clock,
        new_token=ports.new_token,
        lifetimes=lifetimes_of(ports.settings),
        guard=guard_of(request, ports),
    )
    return SignedIn.of(credentials, "the password is changed: you are signed out everywhere else")
