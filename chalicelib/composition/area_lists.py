"""The port of lists of areas."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.sessions import SessionPorts

if TYPE_CHECKING:
    from chalicelib.application.ports.area_lists import AreaLists


class AreaListPorts(SessionPorts):
    """What lists of areas are answered by."""

    @cached_property
    def area_lists(self) -> AreaLists:
        """The areas that people watch, as lists."""
        from chalicelib.adapters.database.area_lists import SqlAreaLists

        return SqlAreaLists(self.engine)
