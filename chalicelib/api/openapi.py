"""The API's description: OpenAPI 3.1 out of the routes and their models, and a page that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, get_args, get_origin

from chalice.app import Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api import (
    accounts,
    alerts,
    area_exports,
    area_lists,
    console,
    devices,
    dry_runs,
    history,
    holds,
    images,
    layer_imports,
    layers,
    monitoring,
    parcel_matches,
    place_export,
    places,
    providers,
    scenes,
    sessions,
    sign_ins,
)
from chalicelib.api.follow_ups import links_of
from chalicelib.api.http import Api
from chalicelib.api.problems import MEDIA_TYPE, Problem
from chalicelib.api.routes import Route

api = Api(__name__)
APIS = (
    *(console.api, accounts.api, sign_ins.api, devices.api, area_lists.api, providers.api, monitoring.api),
    *(sessions.api, alerts.api, places.api, images.api, scenes.api, history.api, holds.api),
    *(layer_imports.api, layers.api, parcel_matches.api, dry_runs.api, place_export.api, area_exports.api, api),
)

VERSION = "0.1.0"
PUBLISHED = {"MessageOut": "Told", "AreaDraft": "WishedArea"}  # schema names that generated clients hold
ALWAYS = (429, 500, 503)  # too many requests; a fault on our side; something outside that does not answer
MEANINGS = {
    200: "done",
    201: "made",
    202: "begun: ask how far it is",
    204: "done; nothing to say",
    302: "it is over there",
    400: "the request is wrong, and `errors` says where",
    401: "not signed in",
    403: "not allowed",
    404: "there is no such thing, or it is somebody else's",
    409: "it contradicts what is there",
    412: "it was changed meanwhile: its `ETag` says to which version",
    413: "the body is too large",
    415: "the body is not declared as JSON, or is compressed",
    429: "a limit is reached: `Retry-After` says when to come back",
    500: "a fault on our side",
    502: "the provider of imagery did not do as asked",
    503: "something that we need does not answer: try again",
}
QUERY = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    "cursor": {"type": "string"},
    "total": {"type": "boolean", "description": "Count the whole list; without, it is counted to 1000."},
    "area": {"type": "integer", "minimum": 1, "description": "Of this area alone."},
    "search": {"type": "string", "maxLength": 200, "description": "What the name or a tag holds, in either case."},
    "attention": {
        "type": "string",
        "description": "Waits for this: words with commas between.",
    },
    "ids": {"type": "string", "description": "The numbers of at most 100 areas, with commas between."},
    "order": {"type": "string", "enum": ["oldest", "attention"], "description": "Oldest first, or what waits first."},
    "since": {"type": "string", "format": "date-time", "description": "Seen at this time, with its zone, or later."},
    "open": {"type": "boolean", "description": "Still open, or settled."},
    "tile": {"type": "string", "pattern": "^[0-9]+/[0-9]+/[0-9]+$", "description": "Of this tile alone, z/x/y."},
    "from": {"type": "string", "format": "date-time", "description": "Taken at this time, with its zone, or later."},
    "to": {"type": "string", "format": "date-time", "description": "Taken before this time, with its zone."},
    "provider": {"type": "string", "description": "Of this provider alone."},
    "clearShareMin": {"type": "number", "minimum": 0, "maximum": 1, "description": "At least so much of it is clear."},
    "isPinned": {"type": "boolean", "description": "Pinned, or not."},
    "areaConfigId": {"type": "integer", "minimum": 1, "description": "Of this area alone."},
    "format": {"type": "string", "enum": ["geojson", "csv", "gpkg"], "default": "geojson"},
    "expires": {"type": "string"},
    "signature": {"type": "string"},
}

IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of the version that the change is of, or several; without it, or with *, it is of any.",
}


def statuses(route: Route) -> list[int]:
    """Return every status that a route may answer."""
    found = {route.status, *route.extra_statuses, *ALWAYS}
    found |= set() if route.public else {401}
    found |= {413, 415} if route.body else set()
    found |= {412} if route.has_version and route.method == "PATCH" else set()
    found |= {400} if route.body or route.is_paged or route.query or "{" not in route.path else set()
    found |= {404} if "{" in route.path else set()
    return sorted(found)


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    routes = [route for part in APIS for route in part.routes]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bhuprahari",
            "version": VERSION,
            "description": "Watches land from above and tells the people responsible when something changed.",
        },
        "paths": _paths(routes),
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


@api.route("/api/openapi.json", response="application/json", public=True)
def show_document() -> Response:
    """Describe the API as OpenAPI 3.1."""
    return Response(body=document(), headers={"Content-Type": "application/json", "Cache-Control": "max-age=300"})


@api.route("/api/docs", response="text/html", public=True)
def show_page() -> Response:
    """Describe the API for people."""
    return console.page(_page())


def _paths(routes: Sequence[Route]) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes)
    return paths


def _operation(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    numbers = {"type": "integer", "minimum": 1}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [] if route.public else [{"accessToken": []}],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": numbers if name.endswith("_id") else {"type": "string"},
            }
            for name in re.findall(r"\{(\w+)\}", route.path)
        ]
        + [
            {"name": name, "in": "query", "schema": QUERY[name]}
            for name in (*route.query, *(("limit", "cursor", "total") if route.is_paged else ()))
        ]
        + ([IF_MATCH] if 412 in statuses(route) else []),
        "responses": {str(status): _response(route, status) for status in statuses(route)},
    }
    if links := links_of(route, routes):
        operation["responses"][str(route.status)]["links"] = links
    if route.body:
        operation["requestBody"] = {
            "required": not route.is_body_optional,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    return operation


def _response(route: Route, status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"description": MEANINGS[status]}
    if status >= 400:
        response["content"] = {MEDIA_TYPE: {"schema": _ref(Problem)}}
    elif status == route.status and isinstance(route.response, str):
        response["content"] = {route.response: {}}
    elif status == route.status and isinstance(route.response, tuple):
        response["content"] = {media_type: {} for media_type in route.response}
    elif status == route.status and route.response is not None:
        response["content"] = {"application/json": {"schema": _schema(route.response)}}
    if (status == route.status and route.has_version) or status == 412:
        response["headers"] = {"ETag": {"schema": {"type": "string"}}}
    if status == 200 and route.is_paged:
        text = {"schema": {"type": "string"}}
        number, truth = {"schema": {"type": "integer"}}, {"schema": {"type": "boolean"}}
        response["headers"] = {"Link": text, "X-Total-Count": number, "X-Truncated": truth}
    return response


def _schema(response: Any) -> dict[str, Any]:  # noqa: ANN401 (a model or a list of one)
    if get_origin(response) is list:
        return {"type": "array", "items": _ref(get_args(response)[0])}
    return _ref(response)


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{_published_name(model)}"}


def _published_name(model: type[BaseModel]) -> str:
    return PUBLISHED.get(model.__name__, model.__name__)


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    taken = {route.body for route in routes if route.body}
    given = {get_args(route.response)[0] if get_origin(route.response) is list else route.response for route in routes}
    models = [(model, "validation") for model in taken]
    models += [(model, "serialization") for model in {*given, Problem} if isinstance(model, type)]
    _, definitions = models_json_schema(
        sorted(models, key=lambda pair: pair[0].__name__),  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    schemas = {}
    for name, schema in definitions["$defs"].items():
        published = PUBLISHED.get(name, name)
        schemas[published] = schema | ({"title": published} if name in PUBLISHED else {})
    return schemas


def _page() -> str:
    rows = "".join(
        f"<tr><td><code>{route.method}</code></td><td><code>{route.path}</code></td><td>{route.summary}</td>"
        f"<td>{'' if route.public else 'signed in'}</td><td>{', '.join(map(str, statuses(route)))}</td></tr>"
        for part in APIS
        for route in part.routes
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bhuprahari API</title></head><body>'
        "<h1>Bhuprahari API</h1><p>The whole description, with every body: "
        '<a href="openapi.json">openapi.json</a> (OpenAPI 3.1). Sign in with <code>POST /api/auth/login</code> and '
        "send the token as <code>Authorization: Bearer</code>. Lists are bare arrays; with <code>?limit=1..100</code> "
        "they come in pages, the next one in the <code>Link</code> header.</p>"
        "<table><thead><tr><th>Method</th><th>Path</th><th>What it does</th><th></th><th>Answers</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>"
    )
