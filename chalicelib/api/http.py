"""The blueprint that every route is made with: sign-in, strict bodies, pages, and failures as problem details."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from chalicelib import wiring
from chalicelib.api import strict_json
from chalicelib.api.problems import Headers, problem_of, problem_of_body
from chalicelib.domain import accounts
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import DomainError, Invalid, NotFound, NotSignedIn
from chalicelib.domain.paging import Page, Slice

WHOLE_LIST = 1000  # items of a list that is asked for without a limit: the contract's bare arrays
LARGEST_PAGE = 100
LARGEST_ID = 2**63 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")

View = Callable[..., Any]


class Wire(BaseModel):
    """A body as it travels: camelCase outside, numbers strict, members that we do not know ignored."""

    model_config = ConfigDict(
        strict=True, extra="ignore", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class Told(Wire):
    """A sentence for the person who asked."""

    message: str


class Binary(Response):
    """Bytes for any client.

    Chalice turns a binary content type down (400) where the request has no matching Accept header, and a bare image
    load has none: so the middleware puts the type on, after that check.
    """

    def __init__(self, content: bytes, *, media_type: str, headers: Headers) -> None:
        super().__init__(body=content, headers=headers, status_code=200)
        self.media_type = media_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a route takes and gives: what the documentation says about it."""

    path: str
    method: str = "GET"
    body: type[BaseModel] | None = None
    gives: type[BaseModel] | str | None = None  # a model, a media type, or nothing
    status: int = 200
    also: tuple[int, ...] = ()  # statuses beyond those that follow from the rest
    query: tuple[str, ...] = ()
    is_open: bool = False  # to people who have not signed in
    is_paged: bool = False
    name: str = ""
    summary: str = ""


class Api(Blueprint):
    """A blueprint whose routes answer domain errors as problem details.

    A trailing slash needs no second route: API Gateway and `chalice local` drop it before they match, and Chalice
    refuses to deploy a route that ends with one.
    """

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name)
        self.routes: list[Route] = []

    def route(self, path: str, **options: Any) -> Callable[[View], View]:  # noqa: ANN401 (they are checked by Route)
        """Register a view; the options are those of Route.

        The view gets the path's ids as numbers, and `sign_in`, `page` and `body` where the route has them.
        """

        def decorate(view: View) -> View:
            route = Route(path=path, name=view.__name__, summary=(view.__doc__ or "").strip(), **options)

            @wraps(view)
            def answer(**parameters: str) -> Response:
                try:
                    return _rendered(route, view(**self._arguments(route, parameters)))
                except NotFound:
                    return problem_of(NotFound(_absent(path)))  # somebody else's and nobody's look the same
                except DomainError as error:
                    return problem_of(error)
                except ValidationError as error:
                    return problem_of_body(error)

            if all(known.path != path for known in self.routes):
                super(Api, self).route(path, methods=["OPTIONS"], content_types=[])(self._preflight(path))
            self.routes.append(route)
            content_types = ["application/json"] if route.body else []
            super(Api, self).route(path, methods=[route.method], content_types=content_types)(answer)
            return view

        return decorate

    def queried(self, name: str) -> str | None:
        """Give a query parameter. Raises Invalid for one that came twice."""
        query = self.current_request.query_params
        values = query.getlist(name) if query and name in query else []
        if len(values) > 1:
            raise Invalid(f"{name} may come once", pointer=name)
        return values[0] if values else None

    def _arguments(self, route: Route, parameters: dict[str, str]) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if not route.is_open:
            arguments["sign_in"] = self._sign_in()
        for name, text in parameters.items():
            arguments[name] = _id(text) if name.endswith("_id") else text
        if route.is_paged:
            arguments["page"] = self._page()
        if route.body is not None:
            arguments["body"] = route.body.model_validate(strict_json.read_object(self._raw_body()))
        return arguments

    def _sign_in(self) -> SignIn:
        scheme, _, token = (self.current_request.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn("sign in first: this call needs an access token")
        return accounts.current_sign_in(
            token.strip(), accounts=wiring.accounts(), tokens=wiring.tokens(), clock=wiring.clock
        )

    def _raw_body(self) -> bytes:
        try:
            raw = self.current_request.raw_body
        except ValueError:
            raise Invalid("the body is not what its encoding says") from None
        return raw.encode() if isinstance(raw, str) else bytes(raw)

    def _page(self) -> Page:
        limit, cursor = self.queried("limit"), self.queried("cursor")
        if limit is None:
            return Page(WHOLE_LIST, None if cursor is None else _read_cursor(cursor))
        if not _NUMBER.fullmatch(limit) or int(limit) > LARGEST_PAGE:
            raise Invalid(f"limit is 1 to {LARGEST_PAGE}", pointer="limit")
        return Page(int(limit), None if cursor is None else _read_cursor(cursor))

    def _preflight(self, path: str) -> View:
        def preflight(**_parameters: str) -> Response:
            methods = sorted({route.method for route in self.routes if route.path == path})
            return Response(
                body="",
                status_code=204,
                headers={
                    "Access-Control-Allow-Methods": ", ".join([*methods, "OPTIONS"]),
                    "Access-Control-Allow-Headers": "Authorization, Content-Type",
                    "Access-Control-Max-Age": "7200",
                },
            )

        return preflight


def _id(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_ID:
        raise NotFound
    return int(text)


def _absent(path: str) -> str:
    thing = re.findall(r"\{(\w+)\}", path)[-1] if "{" in path else "thing"
    return f"there is no such {thing.removesuffix('_id').replace('name', 'image')}"


def write_cursor(beyond: int) -> str:
    """Give the opaque text that stands for a place in a list."""
    return urlsafe_b64encode(f"beyond:{beyond}".encode()).decode().rstrip("=")


def _read_cursor(text: str) -> int:
    try:
        word, _, number = (
            urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii").partition(":")
        )
    except ValueError:
        word, number = "", ""
    if word != "beyond" or not _NUMBER.fullmatch(number) or write_cursor(int(number)) != text:
        raise Invalid("this cursor is none of ours: take it from the Link header", pointer="cursor")
    return min(int(number), LARGEST_ID)


def _rendered(route: Route, answer: Any) -> Response:  # noqa: ANN401 (whatever a view gives)
    if isinstance(answer, Response):
        return answer
    headers: Headers = {"Content-Type": "application/json"}
    if answer is None:
        return Response(body="", status_code=route.status, headers=headers)
    if isinstance(answer, Slice):
        headers["X-Total-Count"] = str(answer.total)
        if answer.beyond is not None:
            # The query alone: it is right under any host, stage or prefix.
            headers["Link"] = f'<?cursor={write_cursor(answer.beyond)}&limit={_limit_of(answer)}>; rel="next"'
        answer = answer.items
    whole = [_dumped(item) for item in answer] if isinstance(answer, list) else _dumped(answer)
    body = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(body=body, status_code=route.status, headers=headers)


def _limit_of(part: Slice[Any]) -> int:
    return max(1, min(LARGEST_PAGE, len(part.items)))


def _dumped(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True)
