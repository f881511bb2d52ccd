"""The routes: sign-in, strict bodies, pages, and failures as problem details, all in one place."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial, wraps
from inspect import signature
from typing import Any

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from chalicelib.api import admission, cursors, strict_json
from chalicelib.api.answers import LARGEST_PAGE, Further, answer_of, fitting, headers_of, json_answer, text_of
from chalicelib.api.problems import Headers, problem_of, problem_of_body
from chalicelib.api.routes import Route, View
from chalicelib.application.current_sign_in import current_sign_in
from chalicelib.application.in_flight import Share
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import DomainError, Invalid, NotFound, NotSignedIn
from chalicelib.domain.paging import MOST_COUNTED, Page, PageRequest

LARGEST_ID = 2**63 - 1
NOTHING = (b"", b"null")  # what clients send that have no body to send
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")


class ApiModel(BaseModel):
    """What travels: camelCase outside, numbers strict."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


class Body(ApiModel, extra="forbid"):
    """What a request sends. A member that nobody knows is refused: a 200 means that all of it was done."""


class MessageOut(ApiModel):
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


class Api:
    """Routes that answer domain errors as problem details; `blueprint` binds them to a process's ports.

    A view takes what it names: `ports`, `sign_in`, `page`, `body`, `request`, and the path's ids as numbers; `further`,
    which it asks before it reads on; and `share`, what its user holds of this process. A trailing slash needs no second
    route: API Gateway and `chalice local` drop it before they match, and Chalice refuses to deploy a route that ends
    with one.
    """

    def __init__(self, import_name: str) -> None:
        self._import_name = import_name
        self.routes: list[Route] = []

    def route(self, path: str, **options: Any) -> Callable[[View], View]:  # noqa: ANN401 (they are checked by Route)
        """Register a view; the options are those of Route."""

        def register(view: View) -> View:
            self.routes.append(Route(view=view, path=path, **options))
            return view

        return register

    def blueprint(self, ports: Ports) -> Blueprint:
        """Make Chalice's blueprint of these routes, answered with these ports."""
        blueprint = Blueprint(self._import_name)
        for path in dict.fromkeys(route.path for route in self.routes):
            routes = [route for route in self.routes if route.path == path]
            blueprint.route(path, methods=["OPTIONS"], content_types=[])(_preflight(routes))
            for route in routes:
                content_types = ["application/json"] if route.body and not route.is_body_optional else []
                answer = _answering(route, ports, lambda: blueprint.current_request)
                blueprint.route(path, methods=[route.method], content_types=content_types)(answer)
        return blueprint


def queried(request: Request, name: str) -> str | None:
    """Return a query parameter. Raises Invalid for one that came twice."""
    query = request.query_params
    values = query.getlist(name) if query and name in query else []
    if len(values) > 1:
        raise Invalid(f"{name} may come once", pointer=name)
    return values[0] if values else None


def queried_only(request: Request, *names: str) -> None:
    """Let no query parameter but these pass. Raises Invalid."""
    unknown = sorted(set(request.query_params or ()) - set(names))
    if unknown:
        known = f"known are {', '.join(names)}" if names else "there are none here"
        raise Invalid(f"{unknown[0][:40]!r} is no parameter of this call: {known}", pointer=unknown[0][:40])


def request_id_of(request: Request) -> str:
    """Return the id under which a request is in the logs; the middleware has put it there."""
    return str(request.context["bhuprahari_request_id"])


def _answering(route: Route, ports: Ports, current: Callable[[], Request]) -> View:
    wanted = signature(route.view).parameters

    @wraps(route.view)
    def answer(**parameters: str) -> Response:
        request = current()
        try:
            admission.check_path(route, request)
            sign_in = None if route.public else _sign_in(route, request, ports)
            with _admitted(route, request, sign_in, ports) as share:
                arguments = _arguments(route, request, parameters)
                arguments |= {"ports": ports, "sign_in": sign_in, "share": share}
                arguments["further"] = partial(admission.admit_further, route, sign_in, ports, share)
                chosen = {name: value for name, value in arguments.items() if name in wanted}
                if route.is_paged:
                    return _listed(route, chosen, request, further=arguments["further"])
                return _rendered(route, route.view(**chosen))
        except NotFound:
            return problem_of(NotFound(_absent(route.path)))  # another user's and nobody's look the same
        except DomainError as error:
            return problem_of(error)
        except ValidationError as error:
            return problem_of_body(error)

    return answer


def _admitted(route: Route, request: Request, sign_in: SignIn | None, ports: Ports) -> AbstractContextManager[Share]:
    if sign_in is None:
        return admission.of_stranger(route, request, ports)
    return admission.of_user(route, request, sign_in.user.user_id, ports)


def _arguments(route: Route, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"request": request}
    for name, text in parameters.items():
        arguments[name] = _id(text) if name.endswith("_id") else text
    if route.is_paged:
        arguments["page"] = _page(request, route.whole)
    if route.body is not None:
        raw, coding = raw_body_of(request), request.headers.get("content-encoding") or ""
        is_left_out = route.is_body_optional and raw.strip() in NOTHING
        said = {} if is_left_out else strict_json.read_object(raw, coding=coding)
        arguments["body"] = route.body.model_validate(said)
    return arguments


def _sign_in(route: Route, request: Request, ports: Ports) -> SignIn:
    """Return whose request it is. Raises NotSignedIn, and LimitReached for an address that tries that too often."""
    try:
        return current_sign_in(_token(request), accounts=ports.accounts, tokens=ports.tokens, clock=ports.clock)
    except NotSignedIn:
        admission.admit_address(route, request, ports)
        raise


def _token(request: Request) -> str:
    scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("sign in first: this call needs an access token")
    return token.strip()


def raw_body_of(request: Request) -> bytes:
    """Return what a request sent. Raises Invalid."""
    try:
        raw = request.raw_body
    except ValueError:
        raise Invalid("the body is not what its encoding says") from None
    return raw.encode() if isinstance(raw, str) else bytes(raw)


def _page(request: Request, whole: int) -> PageRequest:
    limit, cursor, total = (queried(request, name) for name in ("limit", "cursor", "total"))
    after = None if cursor is None else cursors.read(cursor)
    if total not in (None, "true", "false"):
        raise Invalid("total is true or false", pointer="total")
    count_to = None if total == "true" else MOST_COUNTED if total is None else 0
    if limit is None:
        return PageRequest(whole, after, count_to)
    if not _NUMBER.fullmatch(limit) or int(limit) > LARGEST_PAGE:
        raise Invalid(f"limit is 1 to {LARGEST_PAGE}", pointer="limit")
    return PageRequest(int(limit), after, count_to)


def _preflight(routes: list[Route]) -> View:
    headers: Headers = {
        "Access-Control-Allow-Methods": ", ".join([*sorted({route.method for route in routes}), "OPTIONS"]),
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": "7200",
    }

    def preflight(**_parameters: str) -> Response:
        return Response(body="", status_code=204, headers=dict(headers))

    return preflight


def _id(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_ID:
        raise NotFound
    return int(text)


def _absent(path: str) -> str:
    thing = re.findall(r"\{(\w+)\}", path)[-1] if "{" in path else "thing"
    return f"there is no such {thing.removesuffix('_id').replace('name', 'image')}"


def _listed(route: Route, arguments: dict[str, Any], request: Request, *, further: Further) -> Response:
    """Answer with a list: its view is asked for a part at a time, until the answer is as long as it may be."""

    def read(page: PageRequest) -> Page[BaseModel]:
        part: Page[BaseModel] = route.view(**arguments | {"page": page})
        return part

    part = fitting(read, arguments["page"], further=further)
    asked = {name: value for name in (*route.query, "total") if (value := queried(request, name)) is not None}
    return json_answer(f"[{','.join(part.texts)}]", status=route.status, headers=headers_of(part, asked=asked))


def _rendered(route: Route, answer: Any) -> Response:  # noqa: ANN401 (what a view returns)
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, list):
        return json_answer(f"[{','.join(map(text_of, answer))}]", status=route.status)
    return answer_of(answer, status=route.status)
