"""The images of tiles, each captured once for all areas that use it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.captures import Capture, CaptureFailed, CaptureHold
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tiles import View


class Captures(Protocol):
    """Of several workers that want one image one captures it, the others wait for what it stores.

    A hold ends with its worker's claim, at `until`: the run of a dead worker waits for no hold of its own when it is
    begun again. Each row has an id of its own, and so has its object's key.
    """

    def begin(
        self, scene: Scene, view: View, provider: str, *, since: datetime, now: datetime, until: datetime
    ) -> Capture | CaptureHold | CaptureFailed | None:
        """Return the image of a scene's version if it is stored; else take hold of it.

        Of an undated scene it is one that was fetched after `since`, and so is a failure. None if another worker is at
        it right now.
        """
        ...

    def begin_again(self, capture: Capture, *, now: datetime, until: datetime) -> CaptureHold | None:
        """Take hold of an image whose object is lost; None if another worker is at it, or it is not there any more."""
        ...

    def keep(self, hold: CaptureHold, capture: Capture) -> bool:
        """Keep what was stored; False if the hold has ended: then nothing is kept."""
        ...

    def give_up(self, hold: CaptureHold, *, reason: str | None, now: datetime) -> None:
        """Let the next worker try. With a reason, those whose sessions are open already hear it for a minute."""
        ...

    def delete_left_over(self, *, before: datetime, limit: int) -> int:
        """Delete rows of images that nobody has stored since a time; return how many."""
        ...
