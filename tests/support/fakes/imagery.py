"""A provider of imagery that a test scripts."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from datetime import date, datetime

from chalicelib.domain.errors import ImageryFailed, NoCoverage
from chalicelib.domain.scenes import SINCE, FetchedImage, Found, Grid, Licence, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.domain.two_dates import NEAR


def plain_picture(scene_id: str) -> Callable[[View], bytes]:
    """Pictures of one colour, another one for each scene and tile."""

    def picture_of(view: View) -> bytes:
        import cv2
        import numpy as np

        colour = np.frombuffer(hashlib.sha256(f"{scene_id} {view.tile}".encode()).digest()[:3], np.uint8)
        return cv2.imencode(".png", np.broadcast_to(colour, (view.size_px, view.size_px, 3)).copy())[1].tobytes()

    return picture_of


class ScriptedImagery:
    """A provider that shows what the test says, and fails where it says: `.show("before", A_DAY).fail(tile, error)`."""

    def __init__(
        self,
        *,
        name: str = "scripted",
        grid: Grid | None = None,
        sends_placeholders: bool = False,
        has_seasons: bool = False,
    ) -> None:
        self.terms = ProviderTerms(
            name=name,
            licence=Licence(name="Test", url="", attribution="Test imagery", may_store=True, may_analyse=True),
            is_dated=True,
            has_bands=True,
            has_seasons=has_seasons,
            sends_placeholders=sends_placeholders,
            cost_per_request_usd=0.0,
        )
        self.searches = 0
        self.fetched: list[tuple[Tile, str]] = []  # (tile, scene id), in order, failures included
        self._grid = grid or Grid(zoom=17, tile_px=64, margin_px=8)
        self._scenes: list[tuple[Scene, Callable[[View], bytes], Callable[[View], bytes | None]]] = []
        self._earlier: list[Scene] = []
        self._failures: dict[Tile | None, deque[ImageryFailed]] = {}
        self._always: dict[Tile | None, ImageryFailed] = {}

    def show(
        self,
        scene_id: str,
        captured_at: datetime | None,
        picture_of: Callable[[View], bytes] | None = None,
        *,
        bands_of: Callable[[View], bytes | None] = lambda _view: None,
    ) -> ScriptedImagery:
        """From now on there is this scene of every tile. An empty id and no time: the provider is undated."""
        scene = Scene(scene_id=scene_id, captured_at=captured_at)
        self._scenes.append((scene, picture_of or plain_picture(scene_id), bands_of))
        return self

    def show_earlier(self, scene_id: str, captured_at: datetime, bands_of: Callable[[View], bytes | None]) -> None:
        """There is this scene of every tile too, that only a search about its day finds."""
        scene = Scene(scene_id=scene_id, captured_at=captured_at)
        self._earlier.append(scene)
        self._scenes.append((scene, plain_picture(scene_id), bands_of))

    def fail(self, tile: Tile | None, error: ImageryFailed, *, times: int | None = None) -> ScriptedImagery:
        """From now on fetching this tile (None: any) raises that: so many times, or until `heal`."""
        if times is None:
            self._always[tile] = error
        else:
            self._failures.setdefault(tile, deque()).extend([error] * times)
        return self

    def heal(self) -> ScriptedImagery:
        """Let nothing fail any more."""
        self._failures.clear()
        self._always.clear()
        return self

    def grid(self, area: Bounds) -> Grid:
        return self._grid

    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        self.searches += 1
        found = [scene for scene, *_ in self._scenes if scene not in self._earlier]
        shown = {(scene.scene_id, scene.captured_at): scene for scene in found}
        dated = [scene for scene in shown.values() if scene.captured_at and since <= scene.captured_at <= until]
        undated = [scene for scene in shown.values() if scene.captured_at is None]
        in_order = undated[-1:] + sorted(dated, key=lambda scene: scene.captured_at, reverse=True)
        return Found(scenes=tuple(in_order))

    def around(self, area: Bounds, day: date, *, until: datetime) -> tuple[Scene, ...]:
        return tuple(scene for scene in self._earlier if abs(scene.captured_at.date() - day) <= NEAR)

    def history(self, area: Bounds, *, until: datetime) -> Found:
        return self.scenes(area, since=SINCE, until=until)

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        self.fetched.append((view.tile, scene.scene_id))
        for key in (view.tile, None):
            if self._failures.get(key):
                raise self._failures[key].popleft()
            if key in self._always:
                raise self._always[key]
        # The latest of that name: an undated provider shows other pictures under the same, empty one.
        found = next(((picture, bands) for shown, picture, bands in reversed(self._scenes) if shown == scene), None)
        if found is None:
            raise NoCoverage(f"nothing is scripted for scene {scene.scene_id!r}")
        content, bands = (of(view) for of in found)
        return FetchedImage(content=content, bands=bands, scene=scene, attribution=self.terms.licence.attribution)
