"""What a provider has of a tile, as a tile run finds it."""

from datetime import UTC, datetime

from chalicelib.domain.choosing import Ground
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import SINCE, Scene
from chalicelib.domain.tiles import Bounds, View

UNTIL = datetime(2100, 1, 1, tzinfo=UTC)


def search(imagery, area: Bounds, *, until=UNTIL):
    """Search for the scenes of an area."""
    return imagery.scenes(area, since=SINCE, until=until)


def scenes_over(imagery, view: View, area: Bounds, *, until=UNTIL) -> list[Scene]:
    """Give the scenes that show some of a tile's ground, newest first."""
    return Ground.of(view, area).scenes(search(imagery, area, until=until))


def newest(imagery, view: View, area: Bounds) -> Scene:
    """Give the newest scene of a tile."""
    scenes = scenes_over(imagery, view, area)
    if not scenes:
        raise NoCoverage(f"there is no scene of {view.tile}")
    return scenes[0]
