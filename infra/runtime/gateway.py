"""API Gateway's part where there is no AWS: an HTTP request becomes an event, and its answer HTTP again.

No kept library goes this way: apig-wsgi, awsgi and their like carry WSGI applications to Lambda. Chalice's own
converter of its local server does the routing and the event; the rest is what a client meets.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

from chalice.app import Chalice, Response
from chalice.local import LambdaContext, LambdaEventConverter, LocalChalice, RouteMatcher

from chalicelib.api.area_exports import FILE
from chalicelib.api.middleware import add_headers
from chalicelib.api.problems import problem
from chalicelib.settings import settings

MAX_BODY = 10 * 1024 * 1024  # bytes: API Gateway's own limit; the app refuses far smaller ones with 413
DIGITS = 18  # Python reads no number of thousands of them
_FILES, _FILE = "/api/layers/imports/", "/file"  # where files of parcels are sent to: to S3 on AWS
FUNCTION, MEMORY_MIB, TIMEOUT_MS = "api_handler", 512, 29_000  # as on AWS
TOO_LARGE = "the body is too large, or its length cannot be read"


def most_body(method: str, path: str) -> int:
    """Return how many bytes the body of a request may have."""
    if method == "PUT" and path.startswith(_FILES) and path.partition("?")[0].endswith(_FILE):
        return settings().layers.layer_file_bytes
    return MAX_BODY


class Answer(NamedTuple):
    """An HTTP answer: a header may occur more than once. `length` counts the content also where HEAD leaves it out.

    A large one is in a file, which whoever sends it closes.
    """

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    length: int
    file: BinaryIO | None = None


class Asked(NamedTuple):
    """A request, as far as its refusal is the same one."""

    method: str
    target: str
    authorization: str
    origin: str
    source_ip: str
    body: bytes | None


class Refusals:
    """What somebody with a token was refused with 429 is refused again for a second, at a hundredth of what it costs.

    Only the very same request. Any number of threads may use it at once.
    """

    KEPT_S = 1.0  # no `Retry-After` is shorter
    MOST, LARGEST_BODY = 1000, 1024

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept: OrderedDict[Asked, tuple[float, Answer]] = OrderedDict()
        self._monotonic = monotonic

    def of(self, asked: Asked) -> Answer | None:
        """Return the refusal of a moment ago, if there was one."""
        until, answer = self._kept.get(asked, (0.0, None))
        return answer if self._monotonic() < until else None

    def keep(self, asked: Asked, answer: Answer) -> None:
        """Keep an answer, if it is such a refusal."""
        is_short = len(asked.body or b"") <= self.LARGEST_BODY
        if answer.status != HTTPStatus.TOO_MANY_REQUESTS or not asked.authorization or not is_short:
            return
        self._kept[asked] = (self._monotonic() + self.KEPT_S, answer)
        with suppress(KeyError):  # another thread took the last one
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)


class Gateway:
    """The way of requests to the app. Any number of threads may use one at once."""

    def __init__(self, app: Chalice) -> None:
        if not isinstance(app, LocalChalice):
            app.__class__ = LocalChalice  # makes `app.current_request` a thread's own
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)
        self._refusals = Refusals()

    def answer(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        source_ip: str = "127.0.0.1",
        request_id: str = "",
    ) -> Answer:
        """Answer one request; `target` is the path with its query, as they were sent. HEAD is GET without content."""
        named = {name.lower(): value for name, value in headers.items()}
        the_same = Asked(method, target, named.get("authorization", ""), named.get("origin", ""), source_ip, body)
        if (told := self._refusals.of(the_same)) is not None:
            return told
        request_id = request_id or str(uuid4())
        named.setdefault("accept", "*/*")  # a bare client sends none, and Chalice refuses a binary view to it
        asked = "GET" if method == "HEAD" else method
        try:
            event = self._event(asked, target, named, body)
        except ValueError:
            nothing = f"there is nothing at {target.partition('?')[0]}"
            return refusal(404, nothing, method=method, origin=named.get("origin"), instance=request_id)
        event["requestContext"] |= {"identity": {"sourceIp": source_ip}, "requestId": request_id, "sendsFiles": True}
        given: dict[str, Any] = self._app(event, LambdaContext(FUNCTION, MEMORY_MIB, TIMEOUT_MS))
        content = given.get("body") or ""
        if given.get("isBase64Encoded"):
            content = base64.b64decode(content)
        answer = _answer(method, given["statusCode"], {**given["headers"], **given["multiValueHeaders"]}, content)
        self._refusals.keep(the_same, answer)
        return answer

    def _event(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        if target.startswith("//"):  # urllib takes what follows for a host
            raise ValueError(target)
        event: dict[str, Any] = self._events.create_lambda_event(method, target, dict(headers), body)
        return event


def refusal(
    status: int, sentence: str, *, method: str = "GET", origin: str | None = None, instance: str = ""
) -> Answer:
    """Refuse a request that does not reach the app, in the shape of the app's own refusals."""
    request_id = instance or str(uuid4())
    told: Response = problem(status, sentence, headers={"X-Request-Id": request_id})
    add_headers(told, origin, settings().accounts.origins)
    return _answer(method, status, told.headers, json.dumps(told.body | {"instance": request_id}))


def refused_length(text: str, most: int, **told_to: Any) -> Answer | None:  # noqa: ANN401 (the options of `refusal`)
    """Refuse a body by what its Content-Length says; None for one that may be read, of `most` bytes and fewer."""
    if not (text.isascii() and text.isdigit()):  # "²" is a digit too, and no number
        return refusal(400, TOO_LARGE, **told_to)
    return refusal(413, TOO_LARGE, **told_to) if len(text) > DIGITS or int(text) > most else None


def _answer(method: str, status: int, headers: Mapping[str, str | list[str]], content: bytes | str) -> Answer:
    sent = content if isinstance(content, bytes) else content.encode()
    listed = [
        (name, str(value)) for name, one in headers.items() for value in (one if isinstance(one, list) else [one])
    ]
    if (path := next((value for name, value in listed if name == FILE), None)) is not None:
        return _from_file(method, status, [each for each in listed if each[0] != FILE], Path(path))
    if sent and not any(name.lower() == "content-type" for name, _ in listed):
        listed.append(("Content-Type", "application/json"))
    return Answer(status, listed, b"" if method == "HEAD" else sent, len(sent))


def _from_file(method: str, status: int, headers: list[tuple[str, str]], path: Path) -> Answer:
    """Answer with a file, as S3 does on AWS: it is never all in memory."""
    try:
        file = path.open("rb")
    except FileNotFoundError:  # it was deleted this moment
        return refusal(404, "there is no such export", method=method)
    length = os.fstat(file.fileno()).st_size
    if method != "HEAD":
        return Answer(status, headers, b"", length, file)
    file.close()
    return Answer(status, headers, b"", length)
