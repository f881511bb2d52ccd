"""Ask a catalogue over HTTP, for JSON: whatever it answers is what was asked for, or a failure with a name.

`requests` with bounds of our own, and no client of STAC: pystac-client follows `next` wherever it leads and as often as
it says so, reads bodies of any length, and asks for the root of a catalogue first.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import requests

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, kind_of_trouble, read_body, retry_after_s
from chalicelib.adapters.imagery.hosts import Address, address_of
from chalicelib.adapters.imagery.json_text import parse
from chalicelib.adapters.imagery.picture import kind_of
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.domain.errors import ProviderRefused, ProviderUnavailable

CONNECT_S, READ_S, BUDGET_S = 5.0, 15.0, 60.0  # of all pages, tries and waits together
TRIES, TRIES_IN_SILENCE = 3, 2  # of one that does not answer at all: the other catalogue waits for its turn
FIRST_BACKOFF_S = 1.0
MOST_BYTES = 4_000_000  # of one answer: a page of 50 items has 1 to 2 MB, and parsed it takes many times that
PAGE, MOST_PAGES = 50, 200
_PASSES = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})

logger = logging.getLogger(__name__)


class _Retry(Exception):
    """This try failed in a way that may pass; `after_s` is the wait that was asked for."""

    def __init__(
        self,
        reason: str,
        *,
        after_s: float | None = None,
        kind: type[ProviderUnavailable] = ProviderUnavailable,
        tries: int = TRIES,
    ) -> None:
        super().__init__(reason)
        self.after_s, self.kind, self.tries = after_s, kind, tries


class CatalogueClient:
    """One catalogue at one address. Its failures are ProviderUnavailable, or ProviderRefused where it says no."""

    def __init__(
        self, root: Address, session: requests.Session, *, sleep: Sleep, jitter: Jitter, budget_s: float = BUDGET_S
    ) -> None:
        self._root, self._session, self._sleep, self._jitter = root, session, sleep, jitter
        self._budget_s = budget_s
        self.requests, self.received = 0, 0  # that were sent, and bytes of their answers

    @property
    def name(self) -> str:
        """What it is called for people: its host."""
        return self._root.host

    def search(self, wanted: Mapping[str, Any]) -> Iterator[list[Any]]:
        """Yield the pages of what a search finds. Raises ProviderUnavailable, ProviderRefused."""
        deadline = Deadline(self._budget_s)
        method, url, body = "POST", f"{self._root.url.rstrip('/')}/search", {"limit": PAGE, **wanted}
        asked: set[str] = set()
        for _ in range(MOST_PAGES):
            asked.add(json.dumps([method, url, body], sort_keys=True))
            page = self.ask(method, url, body if method == "POST" else None, deadline)
            features = page.get("features")
            if not isinstance(features, list):
                raise ProviderUnavailable(f"{self.name} answers a search with something else than items")
            if len(features) > 2 * PAGE:
                raise ProviderUnavailable(f"{self.name} answers {len(features)} items where {PAGE} were asked for")
            yield features
            following = self._next(page, url, body)
            if following is None or not features:
                return
            method, url, body = following
            if json.dumps([method, url, body], sort_keys=True) in asked:
                raise ProviderUnavailable(f"a page of {self.name} names a page as its next one that came before")
        raise ProviderUnavailable(f"{self.name} finds more than {MOST_PAGES * PAGE} items: it cannot be what was asked")

    def _next(self, page: Mapping[str, Any], url: str, body: dict[str, Any]) -> tuple[str, str, dict[str, Any]] | None:
        links = page.get("links")
        found = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
        link = next((each for each in found if each.get("rel") == "next"), None)
        if link is None:
            return None
        try:
            there = address_of(urljoin(url, str(link.get("href", ""))))
        except ValueError:
            there = None
        if there is None or there._replace(path="") != self._root._replace(path=""):
            raise ProviderUnavailable(f"a page of {self.name} names a next one on another machine, which is not asked")
        if str(link.get("method", "GET")).upper() != "POST":
            return "GET", there.url, {}
        more = link.get("body")
        more = more if isinstance(more, dict) else {}
        return "POST", there.url, {**body, **more} if link.get("merge") is True or not more else more

    def ask(self, method: str, url: str, body: Mapping[str, Any] | None, deadline: Deadline) -> Mapping[str, Any]:
        """Return the JSON object that is answered, after as many tries as there is time for."""
        for number in range(1, TRIES + 1):
            try:
                return self._object(self._ask(method, url, body, deadline))
            except _Retry as failure:
                reason, asked_s, kind, tries = str(failure), failure.after_s, failure.kind, failure.tries
            wait_s = self._jitter(FIRST_BACKOFF_S * 2 ** (number - 1)) if asked_s is None else asked_s
            logger.info("catalogue request failed", extra={"catalogue": self.name, "try": number, "reason": reason})
            if number >= tries or wait_s >= deadline.left_s:
                break
            self._sleep(wait_s)
        raise kind(f"{reason}: given up after {number} of {TRIES} tries", retry_after_s=asked_s)

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None, deadline: Deadline) -> bytes:
        """Ask once. Raises _Retry, or the error that stands."""
        trouble, tries = "", TRIES
        try:
            with self._session.request(
                method,
                url,
                json=body,
                timeout=(min(CONNECT_S, deadline.left_s), min(READ_S, deadline.left_s)),
                stream=True,
                allow_redirects=False,
                headers={"Accept": "application/geo+json, application/json", "Accept-Encoding": "identity"},
            ) as response:
                self.requests += 1
                self._check_status(response)
                content = read_body(response, most=MOST_BYTES, deadline=deadline)
                self.received += len(content)
                return content
        except requests.Timeout:
            trouble, tries = f"{self.name} does not answer in time", TRIES_IN_SILENCE
        except requests.RequestException as error:  # its text holds the address, with a token maybe
            trouble = f"{self.name} cannot be reached ({type(error).__name__})"
        except BrokenBody as broken:
            trouble = f"what {self.name} answers {broken}"
        raise _Retry(trouble, tries=tries)

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in _PASSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # 403: Earth Search throttles so
            says = f"{self.name} is busy or in trouble ({status})"
            raise _Retry(says, after_s=retry_after_s(response), kind=kind_of_trouble(response))
        if 300 <= status < 400:
            raise ProviderUnavailable(f"{self.name} sends elsewhere ({status}), which is not followed")
        if status != HTTPStatus.OK:
            raise ProviderRefused(f"{self.name} refuses the request ({status})")

    def _object(self, content: bytes) -> Mapping[str, Any]:
        kind = kind_of(content)
        if kind in ("a web page", "empty"):
            raise ProviderUnavailable(f"{self.name} answers {'nothing' if kind == 'empty' else kind} in place of JSON")
        try:
            found = parse(content)
        except BadItem as bad:
            raise ProviderUnavailable(f"what {self.name} answers cannot be read: {bad.says}") from None
        if not isinstance(found, dict):
            raise ProviderUnavailable(f"{self.name} answers JSON of another kind")
        return found
