"""What every answer goes through: its request's id, CORS, Chalice's own errors in our shape, and one log line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from chalice.app import Request, Response

from chalicelib import logs
from chalicelib.api.http import Binary
from chalicelib.api.problems import problem
from chalicelib.application.patience import awaited
from chalicelib.composition import Ports

LOG = logging.getLogger(__name__)
EXPOSED = "ETag, Link, Location, Retry-After, WWW-Authenticate, X-Request-Id, X-Total-Count, X-Truncated"


Middleware = Callable[[Request, Callable[[Request], Response]], Response]


def middleware(ports: Ports) -> Middleware:
    """Make the one HTTP middleware of an app with these ports."""

    def finish(request: Request, get_response: Callable[[Request], Response]) -> Response:
        return _finished(request, get_response, ports)

    return finish


def _finished(request: Request, get_response: Callable[[Request], Response], ports: Ports) -> Response:
    started = ports.monotonic()
    request_id = _id_of(request, ports)
    request.context["bhuprahari_request_id"] = request_id
    with logs.invocation("api_handler", request.lambda_context), logs.bound(request_id=request_id), awaited():
        response = _in_our_shape(request, get_response(request))
        if response.status_code >= 400 and isinstance(response.body, dict):
            response.body["instance"] = request_id
        if isinstance(response, Binary):
            response.headers["Content-Type"] = response.media_type
        response.headers["X-Request-Id"] = request_id
        add_headers(response, request.headers.get("origin"), ports.settings.accounts.origins)
        LOG.log(
            logging.ERROR if response.status_code >= 500 else logging.INFO,
            "request answered",
            extra={
                "method": request.method,
                "route": request.path,  # the pattern: ids and queries stay out of the logs
                "status": response.status_code,
                "duration_ms": round(1000 * (ports.monotonic() - started), 1),
            },
        )
    return response


def _id_of(request: Request, ports: Ports) -> str:
    given = request.context.get("requestId") or getattr(request.lambda_context, "aws_request_id", None)
    return str(given or ports.new_id())


def _in_our_shape(request: Request, response: Response) -> Response:
    body = response.body
    if not (isinstance(body, dict) and set(body) == {"Code", "Message"}):
        return response
    allowed = {name: value for name, value in response.headers.items() if name.lower() == "allow"}
    sentences = {
        405: f"{request.method} is not possible here, only {allowed.get('Allow', 'other methods')}",
        415: "send the body as application/json",
        500: "something went wrong on our side; the request's id is in the logs",
    }
    message = sentences.get(response.status_code, str(body["Message"]))
    return problem(response.status_code, message, headers=allowed)


def add_headers(response: Response, origin: str | None, allowed: Sequence[str]) -> None:
    """Put on what every answer carries; and what lets a page read it that comes from an allowed origin."""
    headers = response.headers
    headers["Vary"] = "Origin"
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cache-Control", "no-store")
    if origin is not None and origin in allowed and origin != "null":
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = EXPOSED
