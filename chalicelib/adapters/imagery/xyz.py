"""The provider `xyz`: a tile server of the operator's choice. Its tiles are laid together to the view."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import requests
from typing_extensions import override

from chalicelib.adapters.imagery.bounded_http import Deadline
from chalicelib.adapters.imagery.map_services import Service
from chalicelib.adapters.imagery.picture_server import READ_S, PictureServer
from chalicelib.adapters.imagery.service_pictures import NOT_THERE, check_answer, part_of
from chalicelib.adapters.imagery.warp import Part, mosaic
from chalicelib.adapters.imagery.xyz_template import NAME, Cell, Template
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import FetchedImage, Found, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View

CALLED = "the tile server"
AT_ONCE = 4  # requests: a tile server is somebody's, and others use it too
BUDGET_S = 60.0  # for all tiles of a view, half of what a job may take


class XyzImagery(Imagery):
    """Imagery from a tile server. Ground of which it has no tile, or a blank one, is not shown."""

    def __init__(
        self,
        service: Service,
        template: Template,
        *,
        session: requests.Session,
        sleep: Sleep,
        jitter: Jitter,
        read_s: float = READ_S,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._service, self._template, self._budget_s = service, template, budget_s
        self._server = PictureServer(CALLED, provider=NAME, session=session, sleep=sleep, jitter=jitter, read_s=read_s)

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._service.terms(requests=self._template.requests)

    @override
    def grid(self, area: Bounds) -> Grid:
        self._service.check_licence()
        return self._template.grid

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        self._service.check_licence()
        return self._service.found(since=since, until=until)

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        self._service.check_licence()
        date_name = self._service.date_name(scene)
        if view != self._template.grid.view(view.tile) or date_name is None:
            raise NoCoverage(f"{CALLED} has no scene {scene.scene_id!r} of tile {view.tile} any more")
        whole = self._whole(view, date_name)
        if not whole.clear.any():
            raise NoCoverage(f"there is no picture of tile {view.tile}: {CALLED} shows nothing there")
        content, _ = mosaic(view, [whole])
        return FetchedImage(content=content, scene=scene, attribution=self._service.licence.attribution)

    def _whole(self, view: View, date_name: str) -> Part:
        """Return what the server's tiles show of a view."""
        import numpy as np

        cells, deadline = list(self._template.cells(view)), Deadline(self._budget_s)
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            contents = list(pool.map(lambda cell: self._content(cell, date_name, deadline), cells))
        finally:
            pool.shutdown(cancel_futures=True)
        # Two tiles of one content are a card that says "no imagery here": no two pieces of ground look alike.
        often = Counter(contents)
        side = view.size_px
        whole = Part(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), bool))
        for cell, content in zip(cells, contents, strict=True):
            part = part_of(content, self._template.tile_px, CALLED) if content and often[content] == 1 else None
            if part is not None:
                _put(part, cell, whole)
        return whole

    def _content(self, cell: Cell, date_name: str, deadline: Deadline) -> bytes:
        """Return what the server has of a tile; nothing, where it has none."""
        answer = self._server.ask(
            self._template.address(cell, date_name),
            deadline,
            lambda answer: check_answer(answer, self._service, CALLED),
        )
        return b"" if answer.status in NOT_THERE else answer.content

    @override
    def check(self) -> Finding:
        self._service.check_licence()
        return ok("provider", f"{NAME} is set up, and its licence allows storing and analysing; it was not asked")


def _put(part: Part, cell: Cell, whole: Part) -> None:
    """Put what a server's tile shows at its place in the view."""
    side = len(part.clear)
    top, left = max(0, cell.top), max(0, cell.left)
    bottom, right = min(len(whole.clear), cell.top + side), min(len(whole.clear), cell.left + side)
    inside = slice(top - cell.top, bottom - cell.top), slice(left - cell.left, right - cell.left)
    whole.pixels[top:bottom, left:right] = part.pixels[inside]
    whole.clear[top:bottom, left:right] = part.clear[inside]
