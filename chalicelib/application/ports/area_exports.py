"""Exports of areas, and how far they have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.exports import AreaExport, ExportClaim, NewExport
from chalicelib.domain.jobs import Message


class AreaExports(Protocol):
    """Exports of areas. Every method raises Unavailable.

    What a claim writes it writes as long as no other worker holds the export: else `Busy` is raised.
    """

    def add(self, new: NewExport, *, now: datetime, most_kept: int) -> tuple[AreaExport, list[Message]]:
        """Have an area exported, and return the job. It is written into the audit log.

        Raises NotFound, Conflict while another export of the area is being written, and LimitReached for a user who
        has so many.
        """
        ...

    def get(self, export_id: int, *, area_id: int, user_id: int) -> AreaExport:
        """Return an export of a user's area. Raises NotFound."""
        ...

    def of_area(self, area_id: int, *, user_id: int) -> list[AreaExport]:
        """Return the exports of a user's area, the newest first. Raises NotFound."""
        ...

    def claim(self, export_id: int, *, now: datetime, lease_s: float) -> ExportClaim | None:
        """Hold an export that is to be written; None where nothing is to be done. Raises Busy.

        One that two workers were lost over is ended FAILED instead.
        """
        ...

    def end(self, claim: ExportClaim, *, size_bytes: int, sha256: str, files: int, expires_at: datetime) -> None:
        """End the writing: the archive is there. Raises Busy."""
        ...

    def fail(self, claim: ExportClaim, problem: str) -> None:
        """End the writing with the reason why there is no archive. Raises Busy."""
        ...

    def release(self, claim: ExportClaim) -> None:
        """Let go of an export as it is, for whoever comes next; without effect where another worker holds it."""
        ...

    def give_up(self, export_id: int, problem: str) -> None:
        """End what no worker could: without effect on an export that has ended."""
        ...

    def expired(self, *, now: datetime, limit: int) -> list[AreaExport]:
        """Return exports whose time is over: their objects are to go first."""
        ...

    def forget(self, export_ids: Sequence[int]) -> None:
        """Remove the rows of exports."""
        ...
