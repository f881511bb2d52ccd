"""A file on a web server, read by ranges: what comes is exactly what was asked for of one version, or a failure."""

from __future__ import annotations

import re
from http import HTTPStatus

import requests

from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, read_body, retry_after_s
from chalicelib.domain.errors import BadImage, ProviderRefused, ProviderUnavailable

CONNECT_S, READ_S, BUDGET_S = 5.0, 10.0, 30.0
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_ENDS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class HttpRanges:
    """One file at one address; the session keeps the connections, and is shared."""

    def __init__(self, session: requests.Session, url: str, *, budget_s: float = BUDGET_S) -> None:
        self._session, self._url, self._budget_s = session, url, budget_s
        self._size: int | None = None
        self._etag: str | None = None

    @property
    def size(self) -> int:
        """How many bytes the file has: asked for by its first one. Raises as `read` does."""
        if self._size is None:
            self._get(0, 1)
        return self._size or 0

    def read(self, at: int, length: int) -> bytes:
        """Read so many bytes. Raises BadImage, ProviderRefused, ProviderUnavailable."""
        return self._get(at, length) if length else b""

    def _get(self, at: int, length: int) -> bytes:
        deadline = Deadline(self._budget_s)
        headers = {"Range": f"bytes={at}-{at + length - 1}", "Accept-Encoding": "identity"}
        if self._etag is not None:
            headers["If-Match"] = self._etag
        try:
            with self._session.get(
                self._url, headers=headers, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False
            ) as response:
                self._check(response, at, length)
                content = read_body(response, most=length, deadline=deadline)
        except requests.RequestException as error:
            raise ProviderUnavailable(f"a picture cannot be reached ({type(error).__name__})") from error
        except BrokenBody as broken:
            raise ProviderUnavailable(f"a picture's part {broken}") from None
        if len(content) != length:
            raise ProviderUnavailable(f"a picture's part broke off after {len(content)} of {length} bytes")
        return content

    def _check(self, response: requests.Response, at: int, length: int) -> None:
        status = response.status_code
        if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailable(
                f"a picture's server is busy or in trouble ({status})", retry_after_s=retry_after_s(response)
            )
        if status == HTTPStatus.PRECONDITION_FAILED:
            raise ProviderUnavailable("a picture has become another one while it was read")
        if status in _ENDS:
            raise BadImage(f"a picture is not there any more ({status})")
        if status == HTTPStatus.OK:
            raise ProviderRefused("a picture's server sends no parts of files, and whole ones are too large")
        if status != HTTPStatus.PARTIAL_CONTENT:
            raise ProviderRefused(f"a picture's server refuses the request ({status})")
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or (int(said[1]), int(said[2])) != (at, at + length - 1):
            raise BadImage("a picture's server sends another part of it than was asked for")
        size = int(said[3])
        if self._size not in {None, size}:
            raise ProviderUnavailable("a picture has become another one while it was read")
        self._size = size
        etag = response.headers.get("ETag", "")
        self._etag = etag if etag.startswith('"') else self._etag  # weak ones say nothing of bytes
