"""Layers of parcels."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.layers import Layer, LayerVersion, Parcel
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.tiles import Bounds


class Layers(Protocol):
    """The layers that people keep. Every method raises Unavailable."""

    def get(self, layer_id: int, *, user_id: int) -> Layer:
        """Return a user's layer. Raises NotFound."""
        ...

    def of_user(self, user_id: int, *, page: PageRequest) -> Page[Layer]:
        """Return a user's layers, oldest first."""
        ...

    def version(self, version_id: int) -> LayerVersion:
        """Return a version, whole; whose it is has been asked. Raises NotFound."""
        ...

    def versions(self, layer_id: int, *, page: PageRequest) -> Page[LayerVersion]:
        """Return the whole versions of a layer, oldest first; whose it is has been asked."""
        ...

    def parcels(self, version_id: int, *, page: PageRequest) -> Page[Parcel]:
        """Return the parcels of a version in the order of their file; whose it is has been asked."""
        ...

    def parcels_over(self, version_id: int, bounds: Bounds) -> list[Parcel]:
        """Return the parcels whose box overlaps a box, by their numbers: found by its cells."""
        ...

    def rename(self, layer_id: int, name: str, *, user_id: int, now: datetime) -> Layer:
        """Call a user's layer something else from now on; what names parcels of it keeps its name then. NotFound."""
        ...

    def delete(self, layer_id: int, *, user_id: int, now: datetime) -> None:
        """Delete a user's layer: it is found no more, and its rows go by `purge`.

        Raises NotFound, and Conflict while a legal hold stands on something that names parcels of it.
        """
        ...

    def purge(self, *, now: datetime, limit: int) -> int:
        """Remove some rows of deleted layers and of versions that nobody writes any more; return how many.

        Of a deleted layer whose parcels are named by what is under a legal hold by now nothing more goes meanwhile.
        """
        ...
