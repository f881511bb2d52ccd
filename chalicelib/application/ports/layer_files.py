"""Files of parcels: what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chalicelib.domain.layer_imports import ImportOptions, Preview
from chalicelib.domain.layers import LayerSource, NewParcel
from chalicelib.domain.shapes import JoinedLand
from chalicelib.domain.tiles import Bounds


class LayerFile(Protocol):
    """A file, read with its options."""

    @property
    def preview(self) -> Preview:
        """What it shows."""
        ...

    @property
    def source(self) -> LayerSource:
        """How it was read."""
        ...

    def boxes(self) -> Iterator[Bounds]:
        """Yield the box around each of its parcels."""
        ...

    def land(self) -> JoinedLand:
        """Return the land of all its parcels together."""
        ...

    def parcels(self) -> Iterator[NewParcel]:
        """Yield its parcels in the order of its rows: those that are none are left out, and told in the preview."""
        ...


class LayerFiles(Protocol):
    """Reads files that people give: hostile ones too."""

    def read(self, content: bytes, file_name: str, options: ImportOptions) -> LayerFile:
        """Read a file. Raises Invalid for one that cannot be, with the option that would help as its pointer."""
        ...
