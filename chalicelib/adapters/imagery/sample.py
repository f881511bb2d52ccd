"""The `sample` provider: a rendered landscape with scripted change. No account, no key, no network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from chalicelib.domain.errors import NoCoverage, ProviderUnavailable
from chalicelib.domain.imagery import Grid, Licence, Picture, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View

_PASS = time(5, 30, tzinfo=UTC)  # when the satellite comes over: late morning in Odisha
_PREFIX = "sample-"
_TERMS = ProviderTerms(
    name="sample",
    licence=Licence(
        name="Rendered by Bhuprahari; free to use for anything",
        url="",
        attribution="Rendered landscape, not a real place",
        may_store=True,
        may_analyse=True,
    ),
    is_dated=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)


class SampleImagery:
    """Imagery of a landscape that is rendered: one scene a day, the same bytes whenever it is asked for again.

    Light, season, haze and noise differ from day to day; the land itself changes only where the script says so.
    """

    def __init__(self, *, today: Callable[[], date]) -> None:
        self._today = today

    @property
    def terms(self) -> ProviderTerms:
        """What it is, what it allows and what it costs."""
        return _TERMS

    def grid(self, area: Bounds) -> Grid:  # noqa: ARG002 (the port's: this landscape is the same everywhere)
        """Return the grid, the same everywhere: 0.28 m a pixel at 20 N."""
        return Grid(zoom=17, tile_px=1024, margin_px=128)

    def newest(self, view: View, area: Bounds) -> Scene:  # noqa: ARG002 (the port's: a scene shows all the world)
        """Return the scene of today."""
        today = self._today()
        return Scene(scene_id=f"{_PREFIX}{today.isoformat()}", captured_at=datetime.combine(today, _PASS))

    def fetch(self, scene: Scene, view: View, area: Bounds) -> Picture:  # noqa: ARG002 (no ground is ever missing)
        """Render one scene's image of a view. Raises NoCoverage, ProviderUnavailable."""
        import cv2

        from chalicelib.adapters.imagery.landscape import picture

        # Noise hardly packs: these settings take 0.06 s where OpenCV's own take 0.16 s, for files as large (2.9 MiB).
        quick = [
            *(cv2.IMWRITE_PNG_COMPRESSION, 1),
            *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY),
            *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB),
        ]
        done, png = cv2.imencode(".png", picture(view, _day(scene)), quick)
        if not done:
            raise ProviderUnavailable("the rendered picture could not be written as PNG")
        return Picture(content=png.tobytes(), scene=scene, attribution=_TERMS.licence.attribution)


def _day(scene: Scene) -> date:
    try:
        return date.fromisoformat(scene.scene_id.removeprefix(_PREFIX))
    except ValueError:
        raise NoCoverage(f"the sample has no scene {scene.scene_id!r}") from None
