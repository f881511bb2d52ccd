"""The simulated image store: whole objects or nothing, and nobody cleans up behind a killed worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from chalicelib.adapters.images.keys import checked_key
from chalicelib.application.ports.images import StoredObject
from chalicelib.domain.errors import NotFound, Unavailable
from tests.simulation.world import World

AWAY = (partial(Unavailable, "the image store does not answer"),)


class SimImages:
    """Images in a dictionary, by the port's contract."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.contents: dict[str, bytes] = {}
        self.modified_at: dict[str, datetime] = {}
        self.lost: dict[str, int] = {}  # keys that the simulation deleted, and the step

    def get(self, key: str) -> bytes:
        """Return the bytes."""
        self._before("get")
        if key not in self.contents:
            raise NotFound("there is no such image")
        return self.contents[key]

    def has(self, key: str) -> bool:
        """Whether there is such an object."""
        self._before("has")
        return key in self.contents

    def put(self, key: str, content: bytes) -> None:
        """Keep the bytes; the answer may be lost after they are kept."""
        checked_key(key)
        self._before("put")
        if self._world.is_away("disk full"):
            raise Unavailable("the image store takes nothing: no space left")
        if key not in self.contents:
            self.contents[key] = bytes(content)
            self.modified_at[key] = self._world.true_now
        self._world.step("images", "put after", errors=AWAY)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; if the answer is lost, some are gone."""
        self._before("delete")
        for key in keys:
            self.contents.pop(key, None)
            self.modified_at.pop(key, None)
        self._world.step("images", "delete after", errors=AWAY)

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List objects."""
        self._before("list")
        names = sorted(name for name in self.contents if name > key and name.startswith(prefix))
        return [StoredObject(name, self.modified_at[name]) for name in names[:limit]]

    def link(self, key: str, *, expires_s: int) -> str | None:
        """There is no such thing here."""
        return None

    def check(self) -> None:
        """Raise Unavailable if it is away."""
        if self._world.is_away("store away"):
            raise Unavailable("the image store is away")

    def _before(self, what: str) -> None:
        self._world.step("images", f"{what} before", errors=AWAY)
        self.check()

    def lose(self, key: str) -> None:
        """Delete an object behind everybody's back."""
        self.contents.pop(key)
        self.modified_at.pop(key)
        self.lost[key] = self._world.steps
