"""What the trip needs from the outside world, in our words. Adapters answer; `wiring` joins them; tests bring fakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.alerts import Notice, Receipt, Target
from chalicelib.domain.changes import Change
from chalicelib.domain.imagery import Grid, Inspection, Picture, ProviderTerms, Scene
from chalicelib.domain.jobs import DeadLetter, Message, Queue
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View

Clock = Callable[[], datetime]
"""Tells the time, as aware UTC."""


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

    def backlog_age_s(self) -> float:
        """Say for how many seconds the oldest committed job has waited to be taken; 0 if none waits."""
        ...

    def dead_letters(self) -> list[DeadLetter]:
        """Give some of the messages that were given up on; each comes again until it is buried."""
        ...

    def dead_letters_waiting(self) -> dict[Queue, int]:
        """Count the messages that were given up on, by queue. Raises Unavailable."""
        ...

    def revive(self, letter: DeadLetter) -> None:
        """Put a dead letter back on its queue, as new. Raises Unavailable; it is then a dead letter still."""
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

    def oldest_waiting(self) -> datetime | None:
        """Say when the oldest message that is no dead letter was committed; None if there is none."""
        ...

    def dead(self, limit: int) -> list[DeadLetter]:
        """Give dead letters, oldest first."""
        ...

    def count_dead(self) -> dict[Queue, int]:
        """Count the dead letters by queue."""
        ...

    def revive(self, message_id: int, *, now: datetime) -> None:
        """Make a dead letter a message that nobody has received yet."""
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


OlderPicture = Callable[[], bytes | None]
"""Read an older picture of the view; None where it cannot be read."""


class Compare(Protocol):
    """Compare two stored pictures of one view. Raises BadImage for bytes that are not an image of that size."""

    def __call__(
        self,
        before: bytes,
        after: bytes,
        *,
        view: View,
        area: Bounds,
        thresholds: Thresholds,
        older: Sequence[OlderPicture] = (),
        doubted: Sequence[Outline] = (),
    ) -> Change:
        """Say what changed from the older picture to the newer one, held against pictures from before both.

        `older` comes newest first, and is read only where something changed; `doubted` is what the comparison before
        this one saw and was not sure of: what of it is still there, and still unlike every older picture, changed.
        """
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
