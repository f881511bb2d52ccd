"""Which answers give what other calls take: the links of the API's description, by which it can be walked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from chalicelib.api.routes import Route

# By operation, where in its answer stands what another takes in its path: a JSON pointer; of a list, its first item.
GIVEN_IDS = {
    "add_area": {"area_id": "/id"},
    "list_areas": {"area_id": "/0/id"},
    "get_area": {"area_id": "/id"},
    "change_area": {"area_id": "/id"},
    "capture": {"session_id": "/session/id", "area_id": "/session/areaConfigId"},
    "compare": {"session_id": "/session/id", "area_id": "/session/areaConfigId"},
    "cancel": {"session_id": "/session/id", "area_id": "/session/areaConfigId"},
    "list_sessions": {"session_id": "/0/id", "area_id": "/0/areaConfigId"},
    "get_session": {"session_id": "/id", "area_id": "/areaConfigId"},
    "get_details": {
        "session_id": "/id",
        "area_id": "/areaConfigId",
        "alert_id": "/alert_details/0/id",
        "place_id": "/alert_details/0/placeIds/0",
    },
    "list_alerts": {"session_id": "/0/alertSessionId", "alert_id": "/0/id", "place_id": "/0/placeIds/0"},
    "list_tiles": {"session_id": "/0/sessionId", "area_id": "/0/areaConfigId"},
    "list_pushes": {"session_id": "/0/alertSessionId", "area_id": "/0/areaConfigId"},
    "list_places": {"place_id": "/0/id", "area_id": "/0/areaConfigId"},
    "get_place": {"place_id": "/id", "area_id": "/areaConfigId", "session_id": "/history/0/alertSessionId"},
    "add_device": {"device_id": "/id"},
    "list_devices": {"device_id": "/0/id"},
    "add_import": {"import_id": "/id"},
    "read_import": {"import_id": "/id"},
    "get_import": {"import_id": "/id", "layer_id": "/layerId"},
    "keep_import": {"import_id": "/id"},
    "list_layers": {"layer_id": "/0/id"},
    "get_layer": {"layer_id": "/id"},
    "change_layer": {"layer_id": "/id"},
    "add_export": {"export_id": "/id", "area_id": "/areaConfigId"},
    "list_exports": {"export_id": "/0/id", "area_id": "/0/areaConfigId"},
    "get_export": {"export_id": "/id", "area_id": "/areaConfigId"},
    "list_area_images": {"image_id": "/0/id"},
    "pin_image": {"image_id": "/id"},
    "place_hold": {"hold_id": "/id"},
    "list_holds": {"hold_id": "/0/id"},
    "lift_hold": {"hold_id": "/id"},
    "list_sign_ins": {"sign_in_id": "/0/id"},
}
_REFRESHED = {"refresh_token": "$response.body#/refresh_token"}
# By operation, which call takes its answer, or what it was asked with, in its body.
GIVEN_BODIES = {
    "register": {"login": {"email": "$request.body#/email", "password": "$request.body#/password"}},
    **{name: {"refresh": _REFRESHED} for name in ("login", "refresh", "change_password")},
}


def links_of(route: Route, routes: Iterable[Route]) -> dict[str, Any]:
    """Return OpenAPI's links from a route's answer to each call that it leads to, by the call's name."""
    given = GIVEN_IDS.get(route.name, {})
    links: dict[str, Any] = {}
    for other in routes:
        wanted = re.findall(r"\{(\w+)\}", other.path)
        if wanted and set(wanted) <= given.keys():
            parameters = {name: f"$response.body#{given[name]}" for name in wanted}
            links[other.name] = {"operationId": other.name, "parameters": parameters}
    for name, body in GIVEN_BODIES.get(route.name, {}).items():
        links[name] = {"operationId": name, "requestBody": body}
    return links
