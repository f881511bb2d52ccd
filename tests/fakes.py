"""One fake for each port, in memory; the port's contract suite holds it to what the real adapters do."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from chalicelib.adapters.images.keys import KEY
from chalicelib.application.ports.images import StoredObject
from chalicelib.application.ports.outbox import Received
from chalicelib.domain.errors import ImageryFailed, Invalid, NoCoverage, NotFound, Unavailable
from chalicelib.domain.jobs import DeadLetter, Message, Queue
from chalicelib.domain.pushes import DeliveryStatus, Notice, Receipt, Target
from chalicelib.domain.scenes import FetchedImage, Grid, Licence, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, Tile, View

A_MOMENT = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


class MemoryImages:
    """Images in a dictionary; `away` makes every call fail."""

    def __init__(self, contents: Mapping[str, bytes] = {}, *, now: datetime = A_MOMENT) -> None:
        self.contents = dict(contents)
        self.modified_at = dict.fromkeys(contents, now)
        self.now = now
        self.away = False

    def get(self, key: str) -> bytes:
        self.check()
        if key not in self.contents:
            raise NotFound("there is no such image")
        return self.contents[key]

    def has(self, key: str) -> bool:
        self.check()
        return key in self.contents

    def put(self, key: str, content: bytes) -> None:
        if not KEY.fullmatch(key):
            raise Invalid(f"an image key must be made of letters, digits and . _ - between slashes, not {key!r}")
        self.check()
        if key not in self.contents:
            self.contents[key] = bytes(content)
            self.modified_at[key] = self.now

    def delete(self, keys: Iterable[str]) -> None:
        self.check()
        for key in keys:
            self.contents.pop(key, None)
            self.modified_at.pop(key, None)

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        self.check()
        names = sorted(name for name in self.contents if name > key and name.startswith(prefix))
        return [StoredObject(name, self.modified_at[name]) for name in names[:limit]]

    def link(self, key: str, *, expires_s: int) -> str | None:
        return None

    def check(self) -> None:
        if self.away:
            raise Unavailable("the image store is away")


@dataclass
class _Row:
    message: Message
    created_at: datetime
    available_at: datetime
    receives: int = 0
    reason: str = ""
    is_dead: bool = False


@dataclass
class MemoryOutbox:
    """The outbox table in a dictionary; `add` is the transaction that made a message necessary."""

    rows: dict[int, _Row] = field(default_factory=dict)
    _last_id: int = 0

    def add(self, queue: Queue, body: str, *, now: datetime = A_MOMENT) -> Message:
        self._last_id += 1
        message = Message(message_id=self._last_id, queue=queue, body=body)
        self.rows[self._last_id] = _Row(message, created_at=now, available_at=now)
        return message

    def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        rows = [row for row in self.rows.values() if row.available_at < before and not row.is_dead]
        return [row.message for row in sorted(rows, key=lambda row: row.message.message_id)[:limit]]

    def taken(self, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            self.rows.pop(message_id, None)

    def receive(self, queue: Queue, *, now: datetime, lease_s: float) -> Received | None:
        for row in sorted(self.rows.values(), key=lambda row: (row.available_at, row.message.message_id)):
            if row.message.queue is queue and row.available_at <= now and not row.is_dead:
                row.receives += 1
                row.available_at = now + timedelta(seconds=lease_s)
                return Received(row.message, receipt=row.receives, receives=row.receives)
        return None

    def done(self, received: Received) -> None:
        if self._held(received):
            self.taken([received.message.message_id])

    def give_back(self, received: Received, *, available_at: datetime, reason: str, dead: bool) -> None:
        if row := self._held(received):
            row.available_at, row.reason, row.is_dead = available_at, reason, dead

    def oldest_waiting(self, *, now: datetime) -> datetime | None:
        waiting = [row for row in self.rows.values() if not row.is_dead and row.available_at <= now]
        return min((row.created_at for row in waiting), default=None)

    def count_dead(self) -> dict[Queue, int]:
        return dict(Counter(row.message.queue for row in self.rows.values() if row.is_dead))

    def redrive(self, message_id: int, *, now: datetime) -> None:
        row = self.rows.get(message_id)
        if row and row.is_dead:
            row.is_dead, row.receives, row.available_at = False, 0, now

    def dead(self, limit: int) -> list[DeadLetter]:
        letters = [
            DeadLetter(message=row.message, receipt=str(row.message.message_id), reason=row.reason)
            for row in self.rows.values()
            if row.is_dead
        ]
        return letters[:limit]

    def _held(self, received: Received) -> _Row | None:
        row = self.rows.get(received.message.message_id)
        return row if row and row.receives == received.receipt and not row.is_dead else None


@dataclass
class MemoryJobs:
    """Queues as lists. While `away`, messages wait in `unsent` for `send_overdue`."""

    sent: list[Message] = field(default_factory=list)
    unsent: list[Message] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    away: bool = False

    def send(self, messages: Sequence[Message]) -> None:
        (self.unsent if self.away else self.sent).extend(messages)

    def send_next(self) -> None:
        if self.unsent:
            self.send([self.unsent.pop(0)])

    def send_overdue(self) -> int:
        overdue, self.unsent = self.unsent, []
        self.send(overdue)
        return 0 if self.away else len(overdue)

    def dead_letters(self) -> list[DeadLetter]:
        return [] if self.away else list(self.letters)

    def backlog_age_s(self) -> float:
        return 60.0 if self.unsent else 0.0

    def dead_letters_waiting(self) -> dict[Queue, int]:
        if self.away:
            raise Unavailable("the queues are away")
        return dict(Counter(letter.message.queue for letter in self.letters))

    def redrive(self, letter: DeadLetter) -> None:
        if self.away:
            raise Unavailable("the queues are away")
        self.sent.append(letter.message)
        self.delete_dead_letter(letter)

    def delete_dead_letter(self, letter: DeadLetter) -> None:
        self.letters = [other for other in self.letters if other.receipt != letter.receipt]

    def kill(self, queue: Queue, body: str) -> None:
        """Let the queue give a message up."""
        self.sent = [message for message in self.sent if (message.queue, message.body) != (queue, body)]
        message = Message(message_id=0, queue=queue, body=body)
        self.letters.append(DeadLetter(message=message, receipt=f"{queue}/{body}", reason="it failed every time"))


class FixedSecrets:
    """Secrets that are given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.away = False

    def get(self, name: str) -> str:
        if self.away:
            raise Unavailable("the secret store is away")
        if not self.values.get(name):
            raise NotFound(f"there is no secret {name}")
        return self.values[name]


@dataclass
class MemoryPush:
    """Pushes in a list; `script` says what another status than SENT a target's address gets."""

    script: dict[str, DeliveryStatus] = field(default_factory=dict)
    pushes: list[tuple[Notice, Target]] = field(default_factory=list)
    away: bool = False

    def send(self, notice: Notice, targets: Sequence[Target]) -> list[Receipt]:
        if targets and self.away:
            raise Unavailable("the push service is away")
        receipts = []
        for target in targets:
            status = self.script.get(target.address, DeliveryStatus.SENT)
            receipts.append(Receipt(target=target, status=status, detail="" if status == "SENT" else "scripted"))
            if status is DeliveryStatus.SENT:
                self.pushes.append((notice, target))
        return receipts


def plain_picture(scene_id: str) -> Callable[[View], bytes]:
    """Pictures of one colour, another one for each scene and tile."""

    def picture_of(view: View) -> bytes:
        import cv2
        import numpy as np

        colour = np.frombuffer(hashlib.sha256(f"{scene_id} {view.tile}".encode()).digest()[:3], np.uint8)
        return cv2.imencode(".png", np.broadcast_to(colour, (view.size_px, view.size_px, 3)).copy())[1].tobytes()

    return picture_of


class ScriptedImagery:
    """A provider that shows what the test says, and fails where it says: `.show("before", A_DAY).fail(tile, error)`."""

    def __init__(self, *, name: str = "scripted", grid: Grid | None = None, sends_placeholders: bool = False) -> None:
        self.terms = ProviderTerms(
            name=name,
            licence=Licence(name="Test", url="", attribution="Test imagery", may_store=True, may_analyse=True),
            is_dated=True,
            sends_placeholders=sends_placeholders,
            cost_per_request_usd=0.0,
        )
        self.fetched: list[tuple[Tile, str]] = []  # (tile, scene id), in order, failures included
        self._grid = grid or Grid(zoom=17, tile_px=64, margin_px=8)
        self._scenes: list[tuple[Scene, Callable[[View], bytes]]] = []
        self._failures: dict[Tile | None, deque[ImageryFailed]] = {}
        self._always: dict[Tile | None, ImageryFailed] = {}

    def show(
        self, scene_id: str, captured_at: datetime | None, picture_of: Callable[[View], bytes] | None = None
    ) -> ScriptedImagery:
        """From now on this scene is the newest of every tile. An empty id and no time: the provider is undated."""
        scene = Scene(scene_id=scene_id, captured_at=captured_at)
        self._scenes.append((scene, picture_of or plain_picture(scene_id)))
        return self

    def fail(self, tile: Tile | None, error: ImageryFailed, *, times: int | None = None) -> ScriptedImagery:
        """From now on fetching this tile (None: any) raises that: so many times, or until `heal`."""
        if times is None:
            self._always[tile] = error
        else:
            self._failures.setdefault(tile, deque()).extend([error] * times)
        return self

    def heal(self) -> ScriptedImagery:
        """Let nothing fail any more."""
        self._failures.clear()
        self._always.clear()
        return self

    def grid(self, area: Bounds) -> Grid:
        return self._grid

    def newest(self, view: View, area: Bounds) -> Scene:
        if not self._scenes:
            raise NoCoverage(f"nothing is scripted for tile {view.tile}")
        return self._scenes[-1][0]

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        self.fetched.append((view.tile, scene.scene_id))
        for key in (view.tile, None):
            if self._failures.get(key):
                raise self._failures[key].popleft()
            if key in self._always:
                raise self._always[key]
        # The latest of that name: an undated provider shows other pictures under the same, empty one.
        picture_of = next((each for shown, each in reversed(self._scenes) if shown == scene), None)
        if picture_of is None:
            raise NoCoverage(f"nothing is scripted for scene {scene.scene_id!r}")
        return FetchedImage(content=picture_of(view), scene=scene, attribution=self.terms.licence.attribution)
