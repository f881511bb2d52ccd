"""The provider `google_static`: Google's Maps Static API.

Sources: Google, "Maps Static API: Get Started", "Error Messages", "Digital Signature". Off until the operator states to
hold the permission to store and analyse: Google's terms are understood to forbid both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

import requests
from typing_extensions import override

from chalicelib.adapters.imagery.bounded_http import Deadline
from chalicelib.adapters.imagery.google_signing import signature, without_secrets
from chalicelib.adapters.imagery.picture_server import READ_S, Answer, PictureServer
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, Level, ok
from chalicelib.domain.errors import (
    BadImage,
    LicenceRefused,
    NotFound,
    ProviderRefused,
    ProviderUnavailable,
    Unavailable,
)
from chalicelib.domain.image_header import NotAnImage, check_ends, read_size
from chalicelib.domain.scenes import FetchedImage, Found, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, View, position

LOGICAL_PX, SCALE = 640, 2
UNDATED = Scene(scene_id="", captured_at=None)

BUDGET_S = 20.0


class GoogleStaticImagery(Imagery):
    """Imagery from Google's Maps Static API. No error, log line or cause of an error carries a key or a signed URL."""

    def __init__(
        self,
        terms: ProviderTerms,
        grid: Grid,
        *,
        key: Callable[[], str],
        signing_secret: Callable[[], str],
        permission: str,
        endpoint: str,
        session: requests.Session,
        sleep: Sleep,
        jitter: Jitter,
        read_s: float = READ_S,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._terms, self._grid = terms, grid
        self._key = key
        self._signing_secret = signing_secret
        self._permission = permission.strip()
        self._endpoint = endpoint
        self._budget_s = budget_s
        self._server = PictureServer(
            "Google", provider=terms.name, session=session, sleep=sleep, jitter=jitter, read_s=read_s
        )

    @override
    @property
    def terms(self) -> ProviderTerms:
        is_permitted = bool(self._permission)
        licence = replace(self._terms.licence, may_store=is_permitted, may_analyse=is_permitted)
        return replace(self._terms, licence=licence)

    @override
    def grid(self, area: Bounds) -> Grid:
        self._check_permission()
        return self._grid

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        self._check_permission()
        return Found(scenes=(UNDATED,))

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        self._check_permission()
        if view != self._grid.view(view.tile) or view.tile.z + 1 > 21:
            raise ProviderRefused(f"google_static takes views of 1024 px and a margin of 128 px, not {view}")
        url = self._url(view)
        answer = self._server.ask(url, Deadline(self._budget_s), lambda answer: self._check(answer, url))
        content = answer.content
        try:
            size = read_size(content)
            check_ends(content, content[-64:], size=len(content))
        except NotAnImage as bad:
            raise BadImage(f"Google's picture {bad}") from None
        if size != (view.size_px, view.size_px):
            raise BadImage(
                f"Google's picture has {size[0]} x {size[1]} px, {view.size_px} x {view.size_px} were asked for"
            )
        return FetchedImage(content=content, scene=UNDATED, attribution=self.terms.licence.attribution)

    @override
    def check(self) -> Finding:
        if not self._permission:
            return Finding(
                level=Level.FAIL,
                subject="provider",
                says=f"the terms of {self._terms.name} forbid storing or analysing, and no permission is stated",
                remedy="state the permission in BHUPRAHARI_GOOGLE_PERMISSION if you hold it, "
                "or choose another provider",
            )
        self._key(), self._signing_secret()
        return ok("provider", f"{self._terms.name} is permitted and has its keys; not asked, each request costs money")

    def _check_permission(self) -> None:
        if not self._permission:
            raise LicenceRefused(
                "google_static is off: Google's terms forbid storing and analysing its imagery without written "
                "permission; if you hold it, set BHUPRAHARI_GOOGLE_PERMISSION to a sentence that says so"
            )

    def _url(self, view: View) -> str:
        lon, lat = position(view.tile.x + 0.5, view.tile.y + 0.5, view.tile.z)
        parameters = {
            "center": f"{lat:.6f},{lon:.6f}",  # Google reads six decimals: 6 cm, a fifth of a pixel at zoom 17
            "zoom": view.tile.z + 1,
            "size": f"{LOGICAL_PX}x{LOGICAL_PX}",
            "scale": SCALE,
            "maptype": "satellite",
            "format": "png32",  # plain "png" has a palette of 256 colours
            "key": _secret(self._key),
        }
        url = f"{self._endpoint}?{urlencode(parameters, safe=',')}"
        secret = _secret(self._signing_secret)
        return f"{url}&signature={quote(signature(url, secret))}" if secret else url

    def _check(self, answer: Answer, url: str) -> None:
        """Raise for what Google will not answer otherwise."""
        said = _said(answer, url)
        if answer.status != 200:
            raise ProviderRefused(f"Google refuses the request ({answer.status}){said}")
        warning = answer.headers.get("X-Staticmap-API-Warning")
        if warning is not None:
            raise ProviderUnavailable(
                f"Google's picture carries a warning: {without_secrets(warning, url) or 'without words'}"
            )
        if not answer.kind.startswith("image/"):
            kind = answer.kind[:40] or "something without a type"
            raise BadImage(f"Google answers {kind} instead of a picture{said}")


def _secret(read: Callable[[], str]) -> str:
    refused = ""
    try:
        return read().strip()
    except NotFound as error:
        refused = error.reason
    except Unavailable as error:
        raise ProviderUnavailable(f"Google's key cannot be read: {error.reason}") from error
    raise ProviderRefused(f"Google's key is missing: {refused}")


def _said(answer: Answer, url: str) -> str:
    """Return the text of a response that is no image: the reason is often only there."""
    if not answer.kind.startswith("text/plain"):
        return ""
    said = without_secrets(answer.content[:2000].decode(errors="replace"), url)
    return f": {said}" if said else ""
