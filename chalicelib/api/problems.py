"""How failures look on the wire: RFC 9457 problem details, plus the contract's `message`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from chalice.app import Response
from pydantic import BaseModel, ValidationError

from chalicelib.api.versions import etag_of
from chalicelib.domain.errors import (
    BadMessage,
    Busy,
    ChangedMeanwhile,
    Conflict,
    DomainError,
    ImageryFailed,
    Invalid,
    LicenceRefused,
    LimitReached,
    NoCoverage,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotSupported,
    ProviderUnavailable,
    TooLarge,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
UNKNOWN = "this call knows no such member, and would do nothing of what it says"
Headers = dict[str, str | list[str]]  # as Chalice types them

STATUS: dict[type[DomainError], int] = {
    Invalid: 400,
    BadMessage: 400,
    NoCoverage: 400,
    NotSignedIn: 401,
    NotAllowed: 403,
    LicenceRefused: 403,
    NotFound: 404,
    Conflict: 409,
    ChangedMeanwhile: 412,
    TooLarge: 413,
    NotSupported: 415,
    LimitReached: 429,
    DomainError: 500,
    ImageryFailed: 502,
    Busy: 503,
    ProviderUnavailable: 503,
    Unavailable: 503,
}


class Fault(BaseModel):
    """One thing that is wrong with a request, and where."""

    pointer: str  # a JSON pointer into the body, or the query parameter's name
    detail: str
    position: list[float] | None = None  # longitude and latitude, of what lies on the map


class Problem(BaseModel):
    """An error's body."""

    type: str
    title: str
    status: int
    detail: str
    instance: str  # the request's id, as in the logs
    message: str  # what the existing client shows
    errors: list[Fault]


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a failure: its class's, or its nearest ancestor's."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(
    status: int, message: str, *, errors: Sequence[Mapping[str, Any]] = (), headers: Headers | None = None
) -> Response:
    """Make an error's answer; the middleware fills in the instance."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "message": message,
        "errors": list(errors),
    }
    return Response(body=body, status_code=status, headers={**(headers or {}), "Content-Type": MEDIA_TYPE})


def problem_of(error: DomainError) -> Response:
    """Make the answer to a domain error."""
    errors: list[dict[str, Any]] = []
    headers: Headers = {}
    if isinstance(error, Invalid | Conflict) and error.pointer:
        errors = [{"pointer": error.pointer, "detail": error.reason}]
    if isinstance(error, Invalid) and error.position:
        errors[0]["position"] = list(error.position)
    if isinstance(error, NotSignedIn):
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if isinstance(error, ChangedMeanwhile):
        headers = {"ETag": etag_of(error.version)}
    if isinstance(error, LimitReached):
        headers = {"Retry-After": str(error.retry_after_s)}
    status = status_of(error)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": "5"}
    return problem(status, error.reason, errors=errors, headers=headers)


def problem_of_body(error: ValidationError) -> Response:
    """Make the answer to a body that does not fit its model: each fault with its pointer."""
    faults = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]:
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in fault["loc"])
        is_unknown = fault["type"] == "extra_forbidden"
        detail = UNKNOWN if is_unknown else fault["msg"][:1].lower() + fault["msg"][1:]
        faults.append({"pointer": pointer, "detail": detail})
    first = faults[0]
    return problem(400, f"{first['pointer'].lstrip('/')}: {first['detail']}", errors=faults)
