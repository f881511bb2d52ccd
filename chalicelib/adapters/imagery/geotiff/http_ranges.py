"""A file on a web server, read by ranges: what comes is exactly what was asked for of one version, or a failure.

Whatever a server answers is a failure that may pass: nothing is known of the picture by it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urljoin

import requests
from typing_extensions import override
from urllib3.util import Retry

from chalicelib.adapters.imagery.bounded_connections import BoundedAdapter
from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, hide_addresses, read_body, retry_after_s
from chalicelib.adapters.imagery.hosts import Address, address_of
from chalicelib.adapters.imagery.item_store import Changed, Unreadable

CONNECT_S, READ_S, BUDGET_S = 5.0, 10.0, 30.0
WHOLE_BYTES = 8_000_000  # of a file that its server sends whole only: it is kept
CONNECTIONS = 8  # kept to one host
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_ENDS = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NOT_LET = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOST_MOVES = 3
ANOTHER = "a picture on another machine has become another one"


class Away(Unreadable):
    """The server does not answer, or asks to be left alone: other files of its are no better off."""


class NotLet(Unreadable):
    """The server does not let us read the file: it throttles, or wants another token."""


class Gone(Unreadable):
    """The server has no such file, and is none the worse: others of its may well be there."""


class _Session(requests.Session):
    """Knows no redirects: else the whole body of one is read and unpacked, also where it is not to be followed."""

    @override
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def session(*, again: int = 1) -> requests.Session:
    """Return what keeps the connections. A connection that its server closed meanwhile is made anew, so many times.

    Addresses are kept out of its log: tokens and signatures stand in them.
    """
    hide_addresses()
    made = _Session()
    made.auth = _without  # else a password for the host is looked for in the user's ~/.netrc, and sent
    once = Retry(
        total=again, connect=0, read=again or False, redirect=0, status=0, other=0, respect_retry_after_header=False
    )
    kept = BoundedAdapter(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS, max_retries=once)
    made.mount("https://", kept)
    made.mount("http://", kept)
    return made


def _without(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _moved(url: str, location: str) -> Address | None:
    try:
        return address_of(urljoin(url, location))
    except ValueError:
        return None


class HttpRanges:
    """One file at one address; the session keeps the connections, and is shared.

    `version` is what the server calls the file's content; "" takes the one that it says first, as its size is taken.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        *,
        version: str = "",
        size: int | None = None,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._session, self._url, self._budget_s = session, url, budget_s
        self._size = size
        self.version = version
        self._whole: bytes | None = None

    @property
    def size(self) -> int:
        """How many bytes the file has: asked for by its first one. Raises as `read` does."""
        if self._size is None:
            self.head(1)
        return self._size or 0

    def head(self, length: int) -> bytes:
        """Read the first bytes: so many, or all of a shorter file. Raises as `read` does."""
        return self._get(0, length, may_end=True)

    def read(self, at: int, length: int) -> bytes:
        """Read so many bytes. Raises Unreadable, Away; Changed, if the file is another one by now."""
        return self._get(at, length) if length else b""

    def _get(self, at: int, length: int, *, may_end: bool = False) -> bytes:
        if self._whole is not None:
            return self._cut(at, length, may_end=may_end)
        deadline = Deadline(self._budget_s)
        headers = {"Range": f"bytes={at}-{at + length - 1}", "Accept-Encoding": "identity"}
        if self.version.startswith('"'):  # weak ones say nothing of bytes
            headers["If-Match"] = self.version
        try:
            with self._answer(headers) as response:
                if response.status_code == HTTPStatus.OK:
                    self._whole = self._all_of(response, deadline)
                    return self._cut(at, length, may_end=may_end)
                length = self._length(response, at, length, may_end=may_end)
                content = read_body(response, most=length, deadline=deadline)
        except requests.RequestException as error:
            raise Away(f"a picture on another machine cannot be reached ({type(error).__name__})") from None
        except BrokenBody as broken:
            raise Away(f"a part of a picture on another machine {broken}") from None
        if len(content) != length:
            raise Unreadable(f"a part of a picture on another machine broke off after {len(content)} of {length} bytes")
        return content

    def _answer(self, headers: dict[str, str]) -> requests.Response:
        """Ask, and follow to another address of the same server."""
        for _ in range(1 + _MOST_MOVES):
            response = self._session.get(
                self._url, headers=headers, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False
            )
            if response.status_code not in _MOVED:
                return response
            response.close()
            here, there = address_of(self._url), _moved(self._url, response.headers.get("Location", ""))
            if here is None or there is None or there._replace(path="") != here._replace(path=""):
                raise Unreadable(
                    f"a picture's server sends elsewhere ({response.status_code}): its item has to name where it lies"
                )
            self._url = there.url
        raise Unreadable("a picture's server sends from one address to the next")

    def _length(self, response: requests.Response, at: int, length: int, *, may_end: bool) -> int:
        """Return how many bytes are to come."""
        self._check_status(response)
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        first, last, size = (int(each) for each in said.groups()) if said else (-1, -1, 0)
        wanted = min(length, size - at) if may_end else length
        if (first, last) != (at, at + wanted - 1) or wanted < 1:
            raise Unreadable("a picture's server sends another part of it than was asked for")
        self._is_of(response, size)
        return wanted

    def _check_status(self, response: requests.Response) -> None:
        status, after_s = response.status_code, retry_after_s(response)
        if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Away(f"a picture's server is busy or in trouble ({status})", retry_after_s=after_s)
        if status in _NOT_LET:  # throttled ones are told so too
            raise NotLet(f"a picture's server does not let us read it just now ({status})", retry_after_s=after_s)
        if status == HTTPStatus.PRECONDITION_FAILED:
            raise Changed(ANOTHER)
        if status in _ENDS:
            raise Gone(f"a picture on another machine is not there ({status})")
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and self.version:
            raise Changed(ANOTHER)
        if status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise Unreadable(f"a picture's server refuses the request ({status})")
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            raise Unreadable("a picture's server packs what it sends, though it was asked not to")

    def _all_of(self, response: requests.Response, deadline: Deadline) -> bytes:
        """Read a small file whole, of a server that knows nothing of ranges."""
        self._check_status(response)
        stated = response.headers.get("Content-Length", "")
        too_large = f"a picture's server sends no parts of files, and this one is longer than {WHOLE_BYTES} bytes"
        if stated.isdecimal() and int(stated) > WHOLE_BYTES:
            raise Unreadable(too_large)
        try:
            content = read_body(response, most=WHOLE_BYTES, deadline=deadline)
        except BrokenBody as broken:
            raise Unreadable(too_large if "longer" in str(broken) else f"a picture's server {broken}") from None
        self._is_of(response, len(content))
        return content

    def _is_of(self, response: requests.Response, size: int) -> None:
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or f"{size} bytes"
        if self._size not in (None, size) or self.version not in ("", version):
            raise Changed(ANOTHER)
        self._size, self.version = size, version

    def _cut(self, at: int, length: int, *, may_end: bool) -> bytes:
        content = (self._whole or b"")[at : at + length]
        if len(content) != length and not may_end:
            raise Changed(ANOTHER)
        return content
