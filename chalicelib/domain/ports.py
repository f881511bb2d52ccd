"""What the trip needs from the outside world, in our words. Adapters answer; `wiring` joins them; tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from chalicelib.domain.accounts import Device, SignIn, User
from chalicelib.domain.alerts import Alert, Delivery, Notice, PushMade, Receipt, Target
from chalicelib.domain.areas import Area, NewArea
from chalicelib.domain.changes import Change
from chalicelib.domain.imagery import Grid, Inspection, Picture, ProviderTerms, Scene, TileImage
from chalicelib.domain.jobs import DeadLetter, Message, Queue, TileJob
from chalicelib.domain.sessions import CaptureClaim, Captured, Cause, Claim, ComparisonClaim, Outcome, Session
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, View

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Tells the time, as aware UTC."""


class Page(NamedTuple):
    """Which part of a list is asked for: at most `limit` items, beyond the one with that id."""

    limit: int
    beyond: int | None = None


class Slice(NamedTuple, Generic[T]):
    """Part of a list; `beyond` is what to ask for next, None at the end; `total` counts the whole list."""

    items: list[T]
    total: int
    beyond: int | None


class StoredObject(NamedTuple):
    """One object as a listing shows it."""

    key: str
    modified_at: datetime


class Images(Protocol):
    """Image bytes by key. A key is written once: putting the same key again changes nothing."""

    def get(self, key: str) -> bytes:
        """Give the bytes. Raises NotFound, Unavailable."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Keep the bytes: all of them or nothing. Raises Unavailable."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is no error. Raises Unavailable."""
        ...

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List objects whose key comes after `key`, in the order of the keys' UTF-8 bytes."""
        ...

    def link(self, key: str, *, expires_s: int) -> str | None:
        """Give a URL that serves the object by itself for a while, or None where this store has no such thing."""
        ...

    def check(self) -> None:
        """Raise Unavailable if the store cannot be reached."""
        ...


class Jobs(Protocol):
    """The way to the queues.

    The database is the truth, the queue is a hint: nothing here raises for a queue that is away, `sweep` sends again.
    """

    def send(self, messages: Sequence[Message]) -> None:
        """Hand committed outbox messages to their queues, as far as they take them."""
        ...

    def send_overdue(self) -> int:
        """Hand over what was committed but not sent in time; say how many."""
        ...

    def dead_letters(self) -> list[DeadLetter]:
        """Give some of the messages that were given up on; each comes again until it is buried."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Forget a dead letter that has been dealt with."""
        ...


class Received(NamedTuple):
    """A message that a worker at home holds; `receipt` changes with every receive."""

    message: Message
    receipt: int
    receives: int


class Outbox(Protocol):
    """The outbox table: what was committed and is not done, or not sent, yet."""

    def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        """Give messages older than that which no queue has taken, oldest first."""
        ...

    def taken(self, message_ids: Iterable[int]) -> None:
        """Forget messages: a queue has taken them, or their work is done."""
        ...

    def receive(self, queue: Queue, *, now: datetime, lease_s: float) -> Received | None:
        """Take the next message of a queue that is available, and hide it for the lease."""
        ...

    def done(self, received: Received) -> None:
        """Forget a message whose handler returned, if this receipt is still the latest."""
        ...

    def give_back(self, received: Received, *, available_at: datetime, reason: str, dead: bool) -> None:
        """Make a message available again, or a dead letter, if this receipt is still the latest."""
        ...

    def dead(self, limit: int) -> list[DeadLetter]:
        """Give dead letters, oldest first."""
        ...


class Imagery(Protocol):
    """One provider of imagery."""

    @property
    def terms(self) -> ProviderTerms:
        """What it is, what it allows and what it costs."""
        ...

    def grid(self, area: Bounds) -> Grid:
        """Say at which zoom and at how many pixels it is asked for over an area; fixed when the area is made.

        Raises NoCoverage, LicenceRefused.
        """
        ...

    def newest(self, view: View, area: Bounds) -> Scene:
        """Say what the newest scene over this view is, without fetching it. Raises ImageryFailed."""
        ...

    def fetch(self, scene: Scene, view: View, area: Bounds) -> Picture:
        """Fetch one scene's picture of a view: of exactly the view's size and ground. Raises ImageryFailed.

        Ground that the scene does not show is transparent (PNG with alpha). The area says which ground matters.
        """
        ...


Inspect = Callable[[bytes, View, Bounds, ProviderTerms], Inspection]
"""Look into a picture before it is stored: (content, view, area, terms). Raises BadImage."""


class Compare(Protocol):
    """Compare two stored pictures of one view. Raises BadImage for bytes that are not an image of that size."""

    def __call__(self, before: bytes, after: bytes, *, view: View, area: Bounds, thresholds: Thresholds) -> Change:
        """Say what changed from the older picture to the newer one."""
        ...


class Push(Protocol):
    """The way to people's phones."""

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        """Push to each target; one receipt for each. Raises Unavailable if nothing at all could be sent."""
        ...


class Secrets(Protocol):
    """Secrets by name."""

    def get(self, name: str) -> str:
        """Give a secret's text. Raises NotFound, Unavailable."""
        ...


class Areas(Protocol):
    """The areas people watch."""

    def add(self, new: NewArea, *, now: datetime) -> Area:
        """Keep a new area; it is due at once."""
        ...

    def get(self, area_id: int, *, user_id: int) -> Area:
        """Give a user's area. Raises NotFound."""
        ...

    def of_user(self, user_id: int, *, page: Page) -> Slice[Area]:
        """Give a user's areas, oldest first."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of areas whose time has come and that have no open session, longest overdue first."""
        ...

    def mark_deleted(self, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        """Delete an area, so that nothing new can begin on it; give its open sessions' ids. Raises NotFound."""
        ...

    def open_sessions(self, area_id: int) -> list[int]:
        """Give the ids of an area's open sessions: at most one."""
        ...

    def deleted_with_rows(self, limit: int) -> list[int]:
        """Give the ids of deleted areas that still have rows."""
        ...

    def purge(self, area_id: int) -> bool:
        """Remove a deleted area's rows, unless a session of it is still open; say whether they are gone."""
        ...


class Sessions(Protocol):
    """Sessions. Every method is one transaction; messages it returns are in the outbox already."""

    def open_due(self, area_id: int, *, now: datetime) -> list[Message]:
        """Open the session that an area is due for; nothing if it is not due, gone, or has one open."""
        ...

    def open_now(self, area_id: int, cause: Cause, *, user_id: int, now: datetime) -> tuple[Session, list[Message]]:
        """Open a session at a user's wish, or give the one that is open already.

        With Cause.COMPARISON and every stored pair compared already, it gives the latest session and opens none.
        Raises NotFound, LimitReached, Conflict.
        """
        ...

    def get(self, session_id: int, *, user_id: int) -> Session:
        """Give a session of a user's area. Raises NotFound."""
        ...

    def of_user(self, user_id: int, *, page: Page) -> Slice[Session]:
        """Give the sessions of a user's areas, newest first."""
        ...

    def overdue(self, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of open sessions past their deadline."""
        ...

    def end_open_tiles(self, session_id: int, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End every open tile run of a session alike: it was cancelled, or ran out of time."""
        ...


class TileRuns(Protocol):
    """Tile runs, one tile in one session each. A worker claims one before it works on it."""

    def claim_capture(self, job: TileJob, *, now: datetime, lease_s: float) -> CaptureClaim | None:
        """Take hold of a tile run to capture it; None if that is done already. Raises Busy."""
        ...

    def claim_comparison(self, job: TileJob, *, now: datetime, lease_s: float) -> ComparisonClaim | None:
        """Take hold of a tile run to compare it; None if that is done already. Raises Busy."""
        ...

    def record_capture(self, claim: CaptureClaim, captured: Captured, *, now: datetime) -> list[Message]:
        """Keep a new image's row and go on to the comparison, or end the tile run where there is none to make.

        A claim that is no longer the latest writes nothing.
        """
        ...

    def end(self, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End a tile run with its verdict, and the session with its last one. A stale claim writes nothing."""
        ...

    def end_lost(self, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End the tile run of a dead letter, whoever holds it."""
        ...

    def retry_stalled(self, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for tile runs that nobody has worked on for too long."""
        ...


class Alerts(Protocol):
    """What people are shown: the alerts of a session, the images of an area, the pushes that were made."""

    def of_session(self, session_id: int, *, user_id: int) -> list[tuple[Alert, TileImage]]:
        """Give a session's alerts, each with its newer image. Raises NotFound."""
        ...

    def images(self, area_id: int, *, user_id: int, page: Page) -> Slice[TileImage]:
        """Give an area's images, newest capture first. Raises NotFound."""
        ...

    def pushes(self, *, user_id: int, page: Page) -> Slice[PushMade]:
        """Give the pushes about a user's areas, newest first."""
        ...


class Deliveries(Protocol):
    """Which pushes a session makes, and how far they have come."""

    def prepare(self, session_id: int, *, extra: Sequence[Target], now: datetime) -> Notice | None:
        """Make the rows of a session's pushes, once; None if there is nothing to tell, or the area is gone."""
        ...

    def claim(self, session_id: int, *, now: datetime, lease_s: float, limit: int) -> list[Delivery]:
        """Take hold of pushes that are not made yet. Raises Busy if others hold all that is left."""
        ...

    def record(
        self, session_id: int, deliveries: Sequence[Delivery], receipts: Sequence[Receipt], *, now: datetime
    ) -> int:
        """Keep the receipts and drop dead devices; give the number of pushes still to be made."""
        ...

    def give_up(self, session_id: int, *, reason: str, now: datetime) -> None:
        """End every push of a session that is not made yet as FAILED."""
        ...


class Objects(Protocol):
    """Which stored objects rows refer to, and where the search for orphans stands."""

    def unreferenced(self, keys: Sequence[str]) -> list[str]:
        """Give those of the keys that no row names."""
        ...

    def take_chore(self, name: str, *, now: datetime, every_s: float) -> str | None:
        """Take a recurring chore if its time has come: its cursor, or None. One caller wins."""
        ...

    def leave_chore(self, name: str, *, now: datetime, cursor: str) -> None:
        """Say where a chore that is not finished goes on: it is due again at once."""
        ...


class Accounts(Protocol):
    """Users, sign-ins and devices."""

    def add_user(self, *, email: str, password_hash: str, profile: str | None, now: datetime) -> User:
        """Keep a new user. Raises Conflict on a taken e-mail."""
        ...

    def find_user(self, email: str) -> tuple[User, str] | None:
        """Give the user of an e-mail address and the password's hash."""
        ...

    def set_password_hash(self, user_id: int, password_hash: str) -> None:
        """Replace a hash made with older parameters."""
        ...

    def sign_in(self, user_id: int, *, refresh_hash: str, now: datetime, expires_at: datetime) -> int:
        """Keep a new sign-in; give its id."""
        ...

    def signed_in(self, sign_in_id: int, *, now: datetime) -> SignIn:
        """Give a live sign-in. Raises NotSignedIn."""
        ...

    def rotate_refresh(self, old_hash: str, *, new_hash: str, now: datetime, expires_at: datetime) -> SignIn:
        """Exchange a refresh token, once; a second use ends the sign-in. Raises NotSignedIn."""
        ...

    def sign_out(self, sign_in_id: int, *, now: datetime) -> None:
        """End a sign-in."""
        ...

    def add_device(self, user_id: int, *, token: str, platform: str, now: datetime) -> Device:
        """Keep a device, taking it over from a former owner. Raises LimitReached."""
        ...

    def devices(self, user_id: int) -> list[Device]:
        """Give a user's devices."""
        ...

    def remove_device(self, device_id: int, *, user_id: int) -> None:
        """Forget a user's device. Raises NotFound."""
        ...


class Passwords(Protocol):
    """Hashes passwords, slowly."""

    def hash(self, password: str) -> str:
        """Give the text to keep in a password's place."""
        ...

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Is this the password? None, for a user who does not exist, takes as long and is never right."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Was it made with older parameters than today's?"""
        ...


class Tokens(Protocol):
    """Access tokens: forgery-proof names of sign-ins."""

    def issue(self, sign_in_id: int, *, now: datetime, expires_at: datetime) -> str:
        """Make the access token of a sign-in."""
        ...

    def sign_in_id(self, token: str, *, now: datetime) -> int:
        """Say which sign-in a token names. Raises NotSignedIn for anything but a valid, current token of ours."""
        ...


class Links(Protocol):
    """Signed, expiring links to one image each."""

    def sign(self, key: str, *, now: datetime) -> str:
        """Give the key with the query that lets its holder load it; the same text all through an hour."""
        ...

    def check(self, key: str, *, expires: str, signature: str, now: datetime) -> None:
        """Raise NotAllowed unless this link was signed here, for this very object, and has not expired."""
        ...
