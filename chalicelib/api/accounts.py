"""Registering, signing in and out, and the devices that want pushes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from chalicelib import wiring
from chalicelib.api.http import Api, Told, Wire
from chalicelib.domain import accounts
from chalicelib.domain.accounts import MAX_EMAIL, MAX_PROFILE, Credentials, Device, Lifetimes, SignIn, User
from chalicelib.domain.errors import NotAllowed
from chalicelib.settings import settings

api = Api(__name__)


class NewUser(Wire):
    """Somebody who wants to sign in from now on."""

    email: Annotated[str, Field(max_length=MAX_EMAIL, examples=["asha@example.org"])]
    password: str
    profile: Annotated[str | None, Field(max_length=MAX_PROFILE)] = None


class EmailAndPassword(Wire):
    """Who signs in."""

    email: str
    password: str


class RefreshToken(Wire):
    """The refresh token of the last sign-in or refresh; it is good for one use."""

    refresh_token: Annotated[str, Field(alias="refresh_token", max_length=1024)]


class UserOut(Wire):
    """A user."""

    id: int
    email: str
    profile: str | None
    created_at: datetime
    last_update: datetime

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Show a user."""
        return cls(
            id=user.user_id,
            email=user.email,
            profile=user.profile,
            created_at=user.created_at,
            last_update=user.updated_at,
        )


class Registered(Told):
    """A user who has just registered."""

    user: UserOut


class SignedIn(Told):
    """A sign-in: the access token goes into `Authorization: Bearer`."""

    access_token: Annotated[str, Field(alias="access_token")]
    refresh_token: Annotated[str, Field(alias="refresh_token")]
    user: UserOut

    @classmethod
    def of(cls, credentials: Credentials, message: str) -> SignedIn:
        """Show what a client holds once it has signed in."""
        return cls(
            message=message,
            access_token=credentials.access_token,
            refresh_token=credentials.refresh_token,
            user=UserOut.of(credentials.user),
        )


class NewDevice(Wire):
    """A phone that wants pushes."""

    token: Annotated[str, Field(min_length=1, max_length=4096)]
    platform: Literal["android", "ios", "web"]


class DeviceOut(Wire):
    """A registered device. Its token is not shown again."""

    id: int
    platform: str
    created_at: datetime
    seen_at: datetime

    @classmethod
    def of(cls, device: Device) -> DeviceOut:
        """Show a device."""
        return cls(id=device.device_id, platform=device.platform, created_at=device.created_at, seen_at=device.seen_at)


def lifetimes() -> Lifetimes:
    """Give how long tokens last here."""
    return Lifetimes(
        access=timedelta(days=settings().access_token_days), refresh=timedelta(days=settings().refresh_token_days)
    )


@api.route(
    "/api/auth/register", method="POST", body=NewUser, gives=Registered, status=201, also=(403, 409), is_open=True
)
def register(body: NewUser) -> Registered:
    """Register."""
    if settings().registration == "closed":
        raise NotAllowed("registration is closed here: ask the operator for an account")
    user = accounts.register(
        body.email,
        body.password,
        body.profile,
        accounts=wiring.accounts(),
        passwords=wiring.passwords(),
        clock=wiring.clock,
    )
    return Registered(message="registered: you can sign in now", user=UserOut.of(user))


@api.route("/api/auth/login", method="POST", body=EmailAndPassword, gives=SignedIn, also=(401, 429), is_open=True)
def login(body: EmailAndPassword) -> SignedIn:
    """Sign in."""
    credentials = accounts.sign_in(
        body.email,
        body.password,
        accounts=wiring.accounts(),
        passwords=wiring.passwords(),
        tokens=wiring.tokens(),
        clock=wiring.clock,
        lifetimes=lifetimes(),
    )
    return SignedIn.of(credentials, "signed in")


@api.route("/api/auth/refresh", method="POST", body=RefreshToken, gives=SignedIn, also=(401,), is_open=True)
def refresh(body: RefreshToken) -> SignedIn:
    """Exchange a refresh token for a new pair. Using one twice ends the sign-in."""
    credentials = accounts.refresh(
        body.refresh_token,
        accounts=wiring.accounts(),
        tokens=wiring.tokens(),
        clock=wiring.clock,
        lifetimes=lifetimes(),
    )
    return SignedIn.of(credentials, "refreshed")


@api.route("/api/auth/logout", method="POST", gives=Told)
def logout(sign_in: SignIn) -> Told:
    """Sign out: this sign-in's tokens are worth nothing from now on."""
    wiring.accounts().sign_out(sign_in.sign_in_id, now=wiring.clock())
    return Told(message="signed out")


@api.route("/api/auth/me", gives=UserOut)
def me(sign_in: SignIn) -> UserOut:
    """Show who is signed in."""
    return UserOut.of(sign_in.user)


@api.route("/api/devices", method="POST", body=NewDevice, gives=DeviceOut, status=201, also=(429,))
def add_device(sign_in: SignIn, body: NewDevice) -> DeviceOut:
    """Register a device for pushes; one that somebody else had registered is taken over."""
    device = wiring.accounts().add_device(
        sign_in.user.user_id, token=body.token, platform=body.platform, now=wiring.clock()
    )
    return DeviceOut.of(device)


@api.route("/api/devices", gives=list[DeviceOut])
def list_devices(sign_in: SignIn) -> list[DeviceOut]:
    """List the devices that get your pushes."""
    return [DeviceOut.of(device) for device in wiring.accounts().devices(sign_in.user.user_id)]


@api.route("/api/devices/{device_id}", method="DELETE", status=204)
def remove_device(sign_in: SignIn, device_id: int) -> None:
    """Forget a device."""
    wiring.accounts().remove_device(device_id, user_id=sign_in.user.user_id)
