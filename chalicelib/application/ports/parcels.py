"""Parcels of layers, as a list or an area asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chalicelib.domain.shapes import Ground
from chalicelib.domain.survey_numbers import ParcelText


class LayerText(NamedTuple):
    """What the parcels of a layer's newest version are called."""

    version_id: int
    parcels: list[ParcelText]


class Parcels(Protocol):
    """The parcels of a user's layers. Every method raises Unavailable."""

    def texts(self, layer_id: int, *, user_id: int) -> LayerText:
        """Return what the parcels of a user's layer are called, in the order of their file. Raises NotFound."""
        ...

    def ground(
        self, layer_id: int, *, user_id: int, version_id: int | None, parcel_ids: Sequence[int] | None
    ) -> Ground:
        """Return the ground of some parcels of a version, or of all; without a version, of the newest.

        Raises NotFound for a layer, a version or a parcel that is not there, Invalid for more than fits in memory.
        """
        ...
