"""The ports that answer what is kept, for how long and why."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.area_lists import AreaListPorts

if TYPE_CHECKING:
    from chalicelib.application.ports.holds import Holds
    from chalicelib.application.ports.image_history import ImageHistory
    from chalicelib.application.ports.retention import Retention
    from chalicelib.domain.retention import Policy


class KeepingPorts(AreaListPorts):
    """Retention, the history of images with their pins, and legal holds."""

    @cached_property
    def retention_policy(self) -> Policy:
        """How long images are kept."""
        return self.settings.keeping.policy

    @cached_property
    def retention(self) -> Retention:
        """Images that are kept no longer."""
        from chalicelib.adapters.database.retention import SqlRetention

        return SqlRetention(self.engine)

    @cached_property
    def image_history(self) -> ImageHistory:
        """The images of areas, with what they are kept for."""
        from chalicelib.adapters.database.image_history import SqlImageHistory

        return SqlImageHistory(self.engine, policy=self.retention_policy)

    @cached_property
    def holds(self) -> Holds:
        """Legal holds."""
        from chalicelib.adapters.database.holds import SqlHolds

        return SqlHolds(self.engine)
