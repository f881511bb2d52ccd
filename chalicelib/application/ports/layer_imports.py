"""Files on their way to layers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.jobs import Message
from chalicelib.domain.layer_imports import ImportClaim, ImportOptions, LayerImport, NewImport, Preview, Problem
from chalicelib.domain.layers import Extent, LayerSource, LayerVersion, NewParcel


class LayerImports(Protocol):
    """Files on their way to layers. Every method raises Unavailable.

    What a claim writes it writes as long as no other worker holds the file: else `Busy` is raised.
    """

    def add(self, new: NewImport, *, now: datetime, most_waiting: int) -> LayerImport:
        """Expect a file. Raises LimitReached for a user with so many that are not kept, NotFound for no such layer."""
        ...

    def get(self, import_id: int, *, user_id: int) -> LayerImport:
        """Return a user's file. Raises NotFound."""
        ...

    def to_drop(self, *, user_id: int, most_waiting: int) -> list[LayerImport]:
        """Return a user's oldest files that failed, as many as have to go so that `add` has room for one more."""
        ...

    def expect(self, import_id: int, *, user_id: int) -> None:
        """Expect a file's bytes anew, and forget what was read of those before.

        Raises NotFound, Conflict for one that is kept.
        """
        ...

    def read(self, import_id: int, *, user_id: int, options: ImportOptions, now: datetime) -> list[Message]:
        """Have a file read with these options, and return the job. Raises NotFound, Conflict for one that is kept.

        Raises Invalid where it is for a layer of another kind.
        """
        ...

    def keep(self, import_id: int, *, user_id: int, name: str, now: datetime, most_layers: int) -> list[Message]:
        """Have a file that was read become a layer of that name, and return the job. Raises NotFound, Conflict.

        One too many is a Conflict too: a user keeps so many layers at most.

        Raises Invalid where the layer says of its permits what no column of this file is named for.
        Without effect where that was asked before.
        """
        ...

    def claim(self, import_id: int, *, now: datetime, lease_s: float) -> ImportClaim | None:
        """Hold a file that is to be read or kept; None where nothing is to be done. Raises Busy."""
        ...

    def show(self, claim: ImportClaim, preview: Preview) -> None:
        """End a reading with what the file shows. Raises Busy."""
        ...

    def fail(self, claim: ImportClaim, problem: Problem) -> None:
        """End a reading, or the keeping, with the reason why it cannot be done. Raises Busy."""
        ...

    def release(self, claim: ImportClaim) -> None:
        """Let go of a file as it is, for whoever comes next; without effect where another worker holds it."""
        ...

    def give_up(self, import_id: int, problem: Problem) -> None:
        """End what no worker could: without effect on a file that nobody reads or keeps."""
        ...

    def begin_version(
        self, claim: ImportClaim, source: LayerSource, *, name: str, now: datetime, lease_s: float
    ) -> LayerVersion:
        """Begin a version that nobody finds until it is whole. Raises Busy, NotFound where its layer is gone.

        Raises Invalid like `keep`.
        """
        ...

    def add_parcels(self, version: LayerVersion, parcels: Sequence[NewParcel], *, now: datetime, lease_s: float) -> int:
        """Write parcels, and return the bits of the levels of their cells. Raises Busy where it was given up."""
        ...

    def end_version(self, claim: ImportClaim, version: LayerVersion, extent: Extent, *, levels: int) -> None:
        """Make a version whole and its layer's current one, all at once. Raises Busy, NotFound."""
        ...

    def abandoned(self, *, before: datetime, limit: int) -> list[LayerImport]:
        """Return files that came before then and are kept, failed or forgotten: their objects are to go first."""
        ...

    def forget(self, import_ids: Sequence[int]) -> None:
        """Remove the rows of files."""
        ...
