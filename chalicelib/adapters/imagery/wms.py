"""The provider `wms`: a layer of a Web Map Service 1.3.0 of the operator's choice, asked for a view at a time."""

from __future__ import annotations

from datetime import datetime

import requests
from typing_extensions import override

from chalicelib.adapters.imagery.bounded_http import Deadline
from chalicelib.adapters.imagery.map_services import Service
from chalicelib.adapters.imagery.picture_server import READ_S, PictureServer
from chalicelib.adapters.imagery.service_pictures import NOT_THERE, check_answer, part_of
from chalicelib.adapters.imagery.wms_layer import NAME, Layer
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import FetchedImage, Found, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View

CALLED = "the map service"
BUDGET_S = 40.0


class WmsImagery(Imagery):
    """Imagery from a layer of a WMS. What is transparent, or of one colour all over, is not shown."""

    def __init__(
        self,
        service: Service,
        layer: Layer,
        *,
        session: requests.Session,
        sleep: Sleep,
        jitter: Jitter,
        read_s: float = READ_S,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._service, self._layer, self._budget_s = service, layer, budget_s
        self._server = PictureServer(CALLED, provider=NAME, session=session, sleep=sleep, jitter=jitter, read_s=read_s)

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._service.terms(requests=1)

    @override
    def grid(self, area: Bounds) -> Grid:
        self._service.check_licence()
        return self._layer.grid(area)

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        self._service.check_licence()
        return self._service.found(since=since, until=until)

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        self._service.check_licence()
        date_name = self._service.date_name(scene)
        if date_name is None:
            raise NoCoverage(f"{CALLED} has no scene {scene.scene_id!r} any more")
        answer = self._server.ask(
            self._layer.address(view, date_name),
            Deadline(self._budget_s),
            lambda answer: check_answer(answer, self._service, CALLED),
        )
        content = b"" if answer.status in NOT_THERE else answer.content
        if not content or part_of(content, view.size_px, CALLED) is None:
            raise NoCoverage(f"there is no picture of tile {view.tile}: {CALLED} shows nothing there")
        return FetchedImage(content=content, scene=scene, attribution=self._service.licence.attribution)

    @override
    def check(self) -> Finding:
        self._service.check_licence()
        return ok("provider", f"{NAME} is set up, and its licence allows storing and analysing; it was not asked")
