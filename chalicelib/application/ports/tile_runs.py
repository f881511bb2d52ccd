"""Tile runs: claimed, captured, ended."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import Message, TileJob
from chalicelib.domain.retries import Retry
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Claim, ComparisonClaim, Outcome


class TileRuns(Protocol):
    """Tile runs, one tile in one session each. A worker claims one before it works on it."""

    def claim_capture(self, job: TileJob, *, now: datetime, lease_s: float) -> CaptureClaim | None:
        """Claim a tile run to capture it; None if that is done already. Raises Busy."""
        ...

    def claim_comparison(self, job: TileJob, *, now: datetime, lease_s: float) -> ComparisonClaim | None:
        """Claim a tile run to compare it; None if that is done already. Raises Busy."""
        ...

    def record_capture(
        self, claim: CaptureClaim, captured: Captured, *, now: datetime, lost_image_id: int | None = None
    ) -> list[Message]:
        """Keep a new, usable image's row and go on to the comparison, or end the tile run where there is none to make.

        `lost_image_id` is an image whose object is gone and that this one replaces. A claim that is no longer the
        latest writes nothing.
        """
        ...

    def record_nothing_new(self, claim: CaptureClaim, image: StoredImage, *, now: datetime) -> list[Message]:
        """Go on to the comparison of a stored image if that is pending, else end the tile run: nothing new.

        A claim that is no longer the latest writes nothing.
        """
        ...

    def compare_stored(
        self, claim: CaptureClaim, image: StoredImage, reference: StoredImage, *, now: datetime
    ) -> list[Message]:
        """Go on to the comparison of a stored image with a reference that came later. A stale claim writes nothing."""
        ...

    def postpone(self, claim: Claim, retry: Retry, *, now: datetime) -> list[Message]:
        """Put a tile run back to wait until a time; the try does not count. A stale claim writes nothing."""
        ...

    def end(self, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End a tile run with its verdict, and the session with its last one. A stale claim writes nothing."""
        ...

    def end_lost(self, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End the tile run of a dead letter, whoever holds it."""
        ...

    def retry_lost(self, job: TileJob, *, now: datetime) -> list[Message] | None:
        """Write the job of a dead letter anew; None if its work has ended, or was begun too often without an answer."""
        ...

    def use_another_reference(
        self, claim: ComparisonClaim, *, instead: int | None = None, now: datetime
    ) -> list[Message] | None:
        """Compare with the next best reference, where the claim's own is lost: it is never used again.

        `instead` is a refused image that is good after all, and settled. None if there is no other one. A stale claim
        writes nothing.
        """
        ...

    def release(self, claim: Claim, *, reason: str, counts: bool) -> None:
        """Release a tile run whose work raised, so that the message that comes back finds it free.

        `counts` says whether it was one of the run's tries.
        """
        ...

    def forget_attempts(self, job: TileJob) -> None:
        """Let an open tile run be tried as if for the first time: an operator has put right what made it fail."""
        ...

    def retry_stalled(self, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for tile runs that nobody has worked on for too long."""
        ...
