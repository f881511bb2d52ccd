"""API Gateway's part where there is no AWS: an HTTP request becomes an event, and its answer HTTP again.

No kept library goes this way: apig-wsgi, awsgi and their like carry WSGI applications to Lambda. Chalice's own
converter of its local server does the routing and the event; the rest is what a client meets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from chalice.app import Chalice, Response
from chalice.local import LambdaContext, LambdaEventConverter, LocalChalice, RouteMatcher

from chalicelib.api.middleware import add_headers
from chalicelib.api.problems import problem
from chalicelib.settings import settings

MAX_BODY = 10 * 1024 * 1024  # bytes: API Gateway's own limit; the app refuses far smaller ones with 413
FUNCTION, MEMORY_MIB, TIMEOUT_MS = "api_handler", 512, 29_000  # as on AWS
TOO_LARGE = "the body is too large, or its length cannot be read"


class Answer(NamedTuple):
    """An HTTP answer: a header may occur more than once. `length` counts the content also where HEAD leaves it out."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    length: int


class Gateway:
    """The way of requests to the app. Any number of threads may use one at once."""

    def __init__(self, app: Chalice) -> None:
        if not isinstance(app, LocalChalice):
            app.__class__ = LocalChalice  # makes `app.current_request` a thread's own
        self._app = app
        self._events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)

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
        request_id = request_id or str(uuid4())
        named.setdefault("accept", "*/*")  # a bare client sends none, and Chalice refuses a binary view to it
        asked = "GET" if method == "HEAD" else method
        try:
            event = self._event(asked, target, named, body)
        except ValueError:
            nothing = f"there is nothing at {target.partition('?')[0]}"
            return refusal(404, nothing, method=method, origin=named.get("origin"), instance=request_id)
        event["requestContext"] |= {"identity": {"sourceIp": source_ip}, "requestId": request_id}
        given: dict[str, Any] = self._app(event, LambdaContext(FUNCTION, MEMORY_MIB, TIMEOUT_MS))
        content = given.get("body") or ""
        if given.get("isBase64Encoded"):
            content = base64.b64decode(content)
        return _answer(method, given["statusCode"], {**given["headers"], **given["multiValueHeaders"]}, content)

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


def _answer(method: str, status: int, headers: Mapping[str, str | list[str]], content: bytes | str) -> Answer:
    sent = content if isinstance(content, bytes) else content.encode()
    listed = [
        (name, str(value)) for name, one in headers.items() for value in (one if isinstance(one, list) else [one])
    ]
    if sent and not any(name.lower() == "content-type" for name, _ in listed):
        listed.append(("Content-Type", "application/json"))
    return Answer(status, listed, b"" if method == "HEAD" else sent, len(sent))
