"""The provider `google_static`: Google's Maps Static API.

Sources: Google, "Maps Static API: Get Started", "Error Messages", "Digital Signature". Off until the operator states to
hold the permission to store and analyse: Google's terms are understood to forbid both.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

import requests
from typing_extensions import override

from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, read_body, retry_after_s
from chalicelib.adapters.imagery.google_signing import signature, without_secrets
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

TRIES = 3
CONNECT_S, READ_S, BUDGET_S = 3.0, 10.0, 20.0
FIRST_BACKOFF_S = 1.0
MAX_BODY_BYTES = 8 * 1024 * 1024

logger = logging.getLogger(__name__)


class _Retry(Exception):
    """This try failed in a way that may pass; `after_s` is the wait that Google asked for."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


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
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._terms, self._grid = terms, grid
        self._key = key
        self._signing_secret = signing_secret
        self._permission = permission.strip()
        self._endpoint = endpoint
        self._session = session
        self._sleep, self._jitter = sleep, jitter
        self._connect_s, self._read_s, self._budget_s = connect_s, read_s, budget_s
        for name in ("urllib3.connection", "urllib3.connectionpool"):
            logging.getLogger(name).setLevel(logging.ERROR)  # below that they write whole URLs: key and signature

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
        content = self._ask_until_answered(self._url(view))
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

    def _ask_until_answered(self, url: str) -> bytes:
        deadline = Deadline(self._budget_s)
        for number in range(1, TRIES + 1):
            try:
                return self._ask(url, deadline)
            except _Retry as failure:
                reason, asked_s = str(failure), failure.after_s
            wait_s = self._jitter(FIRST_BACKOFF_S * 2 ** (number - 1)) if asked_s is None else asked_s
            logger.info("imagery request failed", extra={"provider": self._terms.name, "try": number, "reason": reason})
            if number == TRIES:
                break
            if wait_s >= deadline.left_s:
                asked = f" and asks to wait {asked_s:.0f} s" if asked_s is not None else ""
                raise ProviderUnavailable(
                    f"{reason}{asked}: given up after {number} of {TRIES} tries", retry_after_s=asked_s
                )
            self._sleep(wait_s)
        raise ProviderUnavailable(f"{reason}: given up after {TRIES} tries", retry_after_s=asked_s)

    def _ask(self, url: str, deadline: Deadline) -> bytes:
        """Ask once. Raises _Retry, or the error that stands."""
        response: requests.Response | None = None
        try:
            response = self._session.get(
                url,
                timeout=(min(self._connect_s, deadline.left_s), min(self._read_s, deadline.left_s)),
                stream=True,
                allow_redirects=False,
                headers={"Accept": "image/*", "Accept-Encoding": "identity"},
            )
        except requests.Timeout:
            trouble = "Google does not answer in time"
        except requests.RequestException as error:  # its text, and its cause's, hold the URL
            trouble = f"Google cannot be reached ({type(error).__name__})"
        if response is None:
            raise _Retry(trouble)
        try:
            return self._judged(response, url, deadline)
        finally:
            response.close()

    def _judged(self, response: requests.Response, url: str, deadline: Deadline) -> bytes:
        status, kind = response.status_code, response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if 300 <= status < 400:
            raise ProviderUnavailable(f"Google answers with a redirect ({status}), which is not followed")
        broken = ""
        try:
            content = read_body(response, most=MAX_BODY_BYTES, deadline=deadline)
        except BrokenBody as failure:
            content, broken = b"", str(failure)
        if status in {408, 429} or status >= 500:
            raise _Retry(f"Google is busy or in trouble ({status})", after_s=retry_after_s(response))
        said = _said(content, kind, url)
        if status != 200:
            raise ProviderRefused(f"Google refuses the request ({status}){said}")
        warning = response.headers.get("X-Staticmap-API-Warning")
        if warning is not None:
            raise ProviderUnavailable(
                f"Google's picture carries a warning: {without_secrets(warning, url) or 'without words'}"
            )
        if not kind.startswith("image/"):
            raise BadImage(f"Google answers {kind[:40] or 'something without a type'} instead of a picture{said}")
        if broken:
            raise _Retry(f"Google's picture {broken}")
        return content


def _secret(read: Callable[[], str]) -> str:
    refused = ""
    try:
        return read().strip()
    except NotFound as error:
        refused = error.reason
    except Unavailable as error:
        raise ProviderUnavailable(f"Google's key cannot be read: {error.reason}") from error
    raise ProviderRefused(f"Google's key is missing: {refused}")


def _said(content: bytes, kind: str, url: str) -> str:
    """Return the text of a response that is no image: the reason is often only there."""
    if not kind.startswith("text/plain"):
        return ""
    said = without_secrets(content[:2000].decode(errors="replace"), url)
    return f": {said}" if said else ""
