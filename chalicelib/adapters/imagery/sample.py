"""The `sample` provider: a rendered landscape with scripted change. No account, no key, no network.

The landscape is the package beside `chalicelib`; it is imported where an image is rendered, as it needs OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from typing_extensions import override

from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.errors import NoCoverage, ProviderUnavailable
from chalicelib.domain.scenes import FetchedImage, Found, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View

_PASS = time(5, 30, tzinfo=UTC)  # when the satellite comes over: late morning in Odisha
_PREFIX = "sample-"
DAYS_SHOWN = 3 * 366


class SampleImagery(Imagery):
    """Imagery of a landscape that is rendered: one scene a day, the same bytes whenever it is asked for again.

    Light, season, haze and noise differ from day to day; the land itself changes only where the script says so.
    """

    def __init__(self, terms: ProviderTerms, grid: Grid, *, today: Callable[[], date]) -> None:
        self._terms, self._grid = terms, grid
        self._today = today

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._terms

    @override
    def grid(self, area: Bounds) -> Grid:
        return self._grid

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        """Find the one of today: what lies before it is rendered when it is asked for, and kept nowhere."""
        today = self._today()
        captured_at = datetime.combine(today, _PASS)
        if not since <= captured_at <= until:
            return Found(scenes=())
        return Found(scenes=(_scene(today, captured_at),))

    @override
    def history(self, area: Bounds, *, until: datetime) -> Found:
        """Return one of each day of the last three years: the land of any day is rendered when it is asked for."""
        days = (self._today() - timedelta(days=ago) for ago in range(DAYS_SHOWN))
        passes = ((day, datetime.combine(day, _PASS)) for day in days)
        return Found(scenes=tuple(_scene(day, at) for day, at in passes if at <= until))

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        import cv2

        from landscape import WrongScale, render

        # Noise hardly packs: these settings take 0.06 s where OpenCV's own take 0.16 s, for files as large (2.9 MiB).
        quick = [
            *(cv2.IMWRITE_PNG_COMPRESSION, 1),
            *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY),
            *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB),
        ]
        try:
            image = render(view, _day(scene))
        except WrongScale as error:
            raise NoCoverage(str(error)) from error
        done, png = cv2.imencode(".png", image, quick)
        if not done:
            raise ProviderUnavailable("the rendered image could not be written as PNG")
        return FetchedImage(content=png.tobytes(), scene=scene, attribution=self._terms.licence.attribution)

    @override
    def check(self) -> Finding:
        return ok("provider", f"{self._terms.name} answers, and its terms allow storing and analysing")


def _scene(day: date, captured_at: datetime) -> Scene:
    return Scene(scene_id=f"{_PREFIX}{day.isoformat()}", captured_at=captured_at)


def _day(scene: Scene) -> date:
    try:
        return date.fromisoformat(scene.scene_id.removeprefix(_PREFIX))
    except ValueError:
        raise NoCoverage(f"the sample has no scene {scene.scene_id!r}") from None
