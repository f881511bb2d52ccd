"""Ask a server for pictures: bounded in bytes and time, again where that may help; no redirect is followed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

import requests

from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, kind_of_trouble, read_body, retry_after_s
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.domain.errors import ProviderUnavailable

TRIES = 3
CONNECT_S, READ_S = 3.0, 10.0
FIRST_BACKOFF_S = 1.0
MAX_BODY_BYTES = 8 * 1024 * 1024

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What a server answered that is neither busy nor elsewhere; the body has come whole if its status is 200."""

    status: int
    kind: str  # the media type, in lower case, without parameters
    headers: requests.structures.CaseInsensitiveDict[str]
    content: bytes


class _Retry(Exception):
    """This try failed in a way that may pass; `after_s` is the wait that the server asked for."""

    def __init__(
        self, reason: str, *, after_s: float | None = None, kind: type[ProviderUnavailable] = ProviderUnavailable
    ) -> None:
        super().__init__(reason)
        self.after_s, self.kind = after_s, kind


class PictureServer:
    """A server of pictures, by what people call it. No error, log line or cause of an error carries an address."""

    def __init__(
        self,
        called: str,
        *,
        provider: str,
        session: requests.Session,
        sleep: Sleep,
        jitter: Jitter,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
    ) -> None:
        self.called = called
        self._provider, self._session = provider, session
        self._sleep, self._jitter = sleep, jitter
        self._connect_s, self._read_s = connect_s, read_s

    def ask(self, url: str, deadline: Deadline, check: Callable[[Answer], None]) -> Answer:
        """Ask until there is an answer that `check` lets through: it raises for what will not change.

        Raises ProviderUnavailable after three tries, or where there is no time left for another one.
        """
        for number in range(1, TRIES + 1):
            try:
                return self._ask(url, deadline, check)
            except _Retry as failure:
                reason, asked_s, kind = str(failure), failure.after_s, failure.kind
            wait_s = self._jitter(FIRST_BACKOFF_S * 2 ** (number - 1)) if asked_s is None else asked_s
            logger.info("imagery request failed", extra={"provider": self._provider, "try": number, "reason": reason})
            if number == TRIES:
                break
            if wait_s >= deadline.left_s:
                asked = f" and asks to wait {asked_s:.0f} s" if asked_s is not None else ""
                raise kind(f"{reason}{asked}: given up after {number} of {TRIES} tries", retry_after_s=asked_s)
            self._sleep(wait_s)
        raise kind(f"{reason}: given up after {TRIES} tries", retry_after_s=asked_s)

    def _ask(self, url: str, deadline: Deadline, check: Callable[[Answer], None]) -> Answer:
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
            trouble = f"{self.called} does not answer in time"
        except requests.RequestException as error:  # its text, and its cause's, hold the URL
            trouble = f"{self.called} cannot be reached ({type(error).__name__})"
        if response is None:
            raise _Retry(trouble)
        try:
            return self._judged(response, deadline, check)
        finally:
            response.close()

    def _judged(self, response: requests.Response, deadline: Deadline, check: Callable[[Answer], None]) -> Answer:
        status, kind = response.status_code, response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if 300 <= status < 400:
            raise ProviderUnavailable(f"{self.called} answers with a redirect ({status}), which is not followed")
        content, broken = b"", ""
        try:
            content = read_body(response, most=MAX_BODY_BYTES, deadline=deadline)
        except BrokenBody as failure:
            broken = str(failure)
        if status in {408, 429} or status >= 500:
            says = f"{self.called} is busy or in trouble ({status})"
            raise _Retry(says, after_s=retry_after_s(response), kind=kind_of_trouble(response))
        answer = Answer(status, kind, response.headers, content)
        check(answer)
        if broken and status == 200:
            raise _Retry(f"{self.called}'s picture {broken}")
        return answer
