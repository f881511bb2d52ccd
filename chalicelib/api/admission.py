"""Admission of requests: what a path may look like, what each route costs, and from whose buckets that is taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalicelib.application.admit import admit
from chalicelib.composition import Ports
from chalicelib.domain.admission import network_of
from chalicelib.domain.errors import Invalid, NotFound

if TYPE_CHECKING:
    from chalice.app import Request

    from chalicelib.api.routes import Route

# urllib cuts `;...` off a path, and proxies do not: to their rules /api/auth/login;x is another path than to us.
_SEMICOLON = re.compile(r";|%(?:25)*3b", re.IGNORECASE)

# Units that a request of a route costs, by the route that was matched; any other costs one. One unit is some 2 ms of a
# process, on a server with MariaDB.
COSTS = {
    "POST /api/auth/login": 20,  # argon2
    "POST /api/auth/register": 20,
    "POST /api/auth/password": 40,
    "POST /api/auth/refresh": 5,
    "POST /api/area-configs": 20,  # a search of the provider's images
    "POST /api/area-configs/estimate": 50,
    "DELETE /api/area-configs/{area_id}": 10,
    "POST /api/area-configs/{area_id}/baseline": 20,
    "POST /api/monitor/capture/{area_id}": 20,
    "POST /api/monitor/compare/{area_id}": 50,  # it may hold a thread for COMPARE_WAIT_S
    "POST /api/alerts/sessions/{session_id}/cancel": 10,
    "GET /api/area-configs": 2,
    "GET /api/monitor/image-tiles/area/{area_id}": 2,
    "GET /api/alerts/sessions": 2,
    "GET /api/alerts/sessions/{session_id}/details": 5,
    "GET /api/alerts/sessions/{session_id}/ignored": 5,
    "GET /api/places": 2,
    "GET /api/places/{place_id}": 5,
}


def network(request: Request) -> str:
    """Return where a request comes from: what API Gateway, or the server behind its trusted proxy, says. No header."""
    identity = request.context.get("identity") or {}
    return network_of(str(identity.get("sourceIp") or ""))


def admit_address(route: Route, request: Request, ports: Ports) -> None:
    """Let a request through, as far as it does not matter who asks. Raises LimitReached, Invalid and NotFound."""
    if _SEMICOLON.search(str(request.context.get("path", ""))):
        raise NotFound if "{" in route.path else Invalid("a path has no ';' here, however it is written")
    limits, who, now = ports.limits, network(request), ports.clock()
    admit(who, cost(route), limits.address, buckets=ports.shared_buckets, now=now)
    own = {
        "POST /api/auth/login": limits.sign_ins,
        "POST /api/auth/password": limits.sign_ins,
        "POST /api/auth/register": limits.registrations,
    }.get(_name(route))
    if own is not None:
        admit(who, 1, own, buckets=ports.buckets, now=now)


def admit_user(route: Route, user_id: int, ports: Ports) -> None:
    """Let a request of somebody who is signed in through. Raises LimitReached."""
    admit(str(user_id), cost(route), ports.limits.user, buckets=ports.shared_buckets, now=ports.clock())


def cost(route: Route) -> int:
    """Return what a request of a route costs."""
    return COSTS.get(_name(route), 1)


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"
