"""Registering, signing in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from chalice.app import Request
from pydantic import Field

from chalicelib.api.admission import network
from chalicelib.api.http import Api, ApiModel, Body, MessageOut
from chalicelib.application import refresh_sign_in
from chalicelib.application import register as registration
from chalicelib.application import sign_in as signing_in
from chalicelib.composition import Ports
from chalicelib.domain.accounts import MAX_EMAIL, MAX_PROFILE, Credentials, Lifetimes, SignIn, User
from chalicelib.domain.errors import NotAllowed
from chalicelib.settings import Settings

api = Api(__name__)


class NewUser(Body):
    """Somebody who wants to sign in from now on."""

    email: Annotated[str, Field(max_length=MAX_EMAIL, examples=["asha@example.org"])]
    password: str
    profile: Annotated[str | None, Field(max_length=MAX_PROFILE)] = None


class EmailAndPassword(Body):
    """Who signs in."""

    email: str
    password: str
    profile: Annotated[object, Field(description="ignored: what registered somebody signs them in as it is")] = None


class RefreshToken(Body):
    """The refresh token of the last sign-in or refresh; it is good for one use."""

    refresh_token: Annotated[str, Field(alias="refresh_token", max_length=1024)]


class UserOut(ApiModel):
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


class Registered(MessageOut):
    """A user who has just registered."""

    user: UserOut


class SignedIn(MessageOut):
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


def lifetimes_of(settings: Settings) -> Lifetimes:
    """Return how long the tokens of a sign-in last."""
    return Lifetimes(
        access=timedelta(days=settings.accounts.access_token_days),
        refresh=timedelta(days=settings.accounts.refresh_token_days),
    )


def guard_of(request: Request, ports: Ports) -> signing_in.Guard:
    """Return who tries to sign in, and what holds back who guesses."""
    client = " ".join((request.headers.get("user-agent") or "").split())
    return signing_in.Guard(
        network=network(request),
        client="".join(character for character in client if character.isprintable()),
        buckets=ports.buckets,
        limits=ports.limits,
        audit=ports.audit,
    )


@api.route(
    "/api/auth/register",
    method="POST",
    body=NewUser,
    response=Registered,
    status=201,
    extra_statuses=(403, 409),
    public=True,
)
def register(ports: Ports, body: NewUser) -> Registered:
    """Register."""
    if ports.settings.accounts.registration == "closed":
        raise NotAllowed("registration is closed here: ask the operator for an account")
    user = registration.register(
        body.email,
        body.password,
        body.profile,
        accounts=ports.accounts,
        passwords=ports.passwords,
        clock=ports.clock,
    )
    return Registered(message="registered: you can sign in now", user=UserOut.of(user))


@api.route(
    "/api/auth/login", method="POST", body=EmailAndPassword, response=SignedIn, extra_statuses=(401,), public=True
)
def login(ports: Ports, request: Request, body: EmailAndPassword) -> SignedIn:
    """Sign in."""
    credentials = signing_in.sign_in(
        body.email,
        body.password,
        accounts=ports.accounts,
        passwords=ports.passwords,
        tokens=ports.tokens,
        clock=ports.clock,
        new_token=ports.new_token,
        lifetimes=lifetimes_of(ports.settings),
        guard=guard_of(request, ports),
    )
    return SignedIn.of(credentials, "signed in")


@api.route("/api/auth/refresh", method="POST", body=RefreshToken, response=SignedIn, extra_statuses=(401,), public=True)
def refresh(ports: Ports, body: RefreshToken) -> SignedIn:
    """Exchange a refresh token for a new pair. Again within ten seconds gives the same one; later ends the sign-in."""
    credentials = refresh_sign_in.refresh_sign_in(
        body.refresh_token,
        accounts=ports.accounts,
        tokens=ports.tokens,
        clock=ports.clock,
        new_token=ports.new_token,
        lifetimes=lifetimes_of(ports.settings),
    )
    return SignedIn.of(credentials, "refreshed")


@api.route("/api/auth/logout", method="POST", response=MessageOut)
def logout(ports: Ports, sign_in: SignIn) -> MessageOut:
    """Sign out: this sign-in's tokens are worth nothing from now on."""
    ports.accounts.sign_out(sign_in.sign_in_id, now=ports.clock())
    return MessageOut(message="signed out")


@api.route("/api/auth/me", response=UserOut)
def me(sign_in: SignIn) -> UserOut:
    """Show who is signed in."""
    return UserOut.of(sign_in.user)
