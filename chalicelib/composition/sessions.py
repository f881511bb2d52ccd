"""The ports of sessions and of their tiles."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.composition.database import RETRY_S, DatabasePorts

if TYPE_CHECKING:
    from chalicelib.application.ports.arrivals import Arrivals
    from chalicelib.application.ports.scene_searches import SceneSearches
    from chalicelib.application.ports.session_plans import SessionPlans
    from chalicelib.application.ports.sessions import Sessions
    from chalicelib.application.ports.tile_images import TileImages
    from chalicelib.application.ports.tile_runs import TileRuns


class SessionPorts(DatabasePorts):
    """What the database answers of sessions."""

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions."""
        from chalicelib.adapters.database.sessions import SqlSessions
        from chalicelib.adapters.imagery.registry import cost_per_request_usd

        return SqlSessions(
            self.engine,
            deadline_s=self.settings.trip.session_deadline_s,
            retry_s=RETRY_S,
            tiles_per_day=self.settings.limits.tiles_per_day,
            cost_of=lambda provider: cost_per_request_usd(provider, self.settings.by_name()),
        )

    @cached_property
    def session_plans(self) -> SessionPlans:
        """What large sessions have still to plan."""
        from chalicelib.adapters.database.session_plans import SqlSessionPlans

        return SqlSessionPlans(self.engine, retry_s=RETRY_S)

    @cached_property
    def tile_runs(self) -> TileRuns:
        """Tile runs."""
        from chalicelib.adapters.database.tile_runs import SqlTileRuns

        return SqlTileRuns(self.engine, retry_s=RETRY_S)

    @cached_property
    def scene_searches(self) -> SceneSearches:
        """The searches of sessions for scenes."""
        from chalicelib.adapters.database.scenes import SqlSceneSearches

        return SqlSceneSearches(self.engine)

    @cached_property
    def arrivals(self) -> Arrivals:
        """When providers were asked for what has come."""
        from chalicelib.adapters.database.arrivals import SqlArrivals

        return SqlArrivals(self.engine)

    @cached_property
    def tile_images(self) -> TileImages:
        """The images that tile runs capture beside the ones that they compare."""
        from chalicelib.adapters.database.tile_images import SqlTileImages

        return SqlTileImages(self.engine)
