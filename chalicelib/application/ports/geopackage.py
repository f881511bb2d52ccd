"""A GeoPackage of places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.place_files import NamedPlace


class GeopackageOf(Protocol):
    """Writes places as a GeoPackage."""

    def __call__(self, places: Sequence[NamedPlace], *, now: datetime) -> bytes:
        """Return the file. `now` is when its content changed last."""
        ...
