"""Admission of requests: what a path may look like, what each route costs, and from whose buckets that is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING

from chalicelib.api.answers import READ_AT_ONCE
from chalicelib.application.admit import admit
from chalicelib.application.in_flight import Share
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.admission import network_of
from chalicelib.domain.errors import Invalid, NotFound

if TYPE_CHECKING:
    from chalice.app import Request

    from chalicelib.api.routes import Route

# urllib cuts `;...` off a path, and proxies do not: to their rules /api/auth/login;x is another path than to us.
_SEMICOLON = re.compile(r";|%(?:25)*3b", re.IGNORECASE)

# Units that a request of a route costs, by the route that was matched; any other costs one. One unit is some 2 ms of a
# process, on a server with MariaDB. A list, and a session's details, cost that again for each further ROWS of theirs.
COSTS = {
    "POST /api/auth/login": 20,  # argon2
    "POST /api/auth/register": 20,
    "POST /api/auth/password": 40,
    "POST /api/auth/refresh": 5,
    "POST /api/area-configs": 20,  # a search of the provider's images
    "POST /api/area-configs/estimate": 50,
    "PATCH /api/area-configs/{area_id}": 20,  # as added, where its land is to be another
    "DELETE /api/area-configs/{area_id}": 10,
    "POST /api/area-configs/{area_id}/baseline": 20,
    "POST /api/area-configs/{area_id}/dry-run": 100,
    "POST /api/monitor/capture/{area_id}": 20,
    "POST /api/monitor/compare/{area_id}": 50,  # it may hold a thread for COMPARE_WAIT_S
    "POST /api/alerts/sessions/{session_id}/cancel": 10,
    "GET /api/area-configs/{area_id}/scenes": 20,  # a search of the provider's images
    "GET /api/alerts/sessions/{session_id}/details": 15,
    "GET /api/alerts/sessions/{session_id}/alerts": 15,
    "GET /api/places/export": 100,
    "POST /api/area-configs/{area_id}/exports": 200,  # a job of a minute or more
    "GET /api/area-configs/{area_id}/exports": 5,
    "DELETE /api/area-configs/{area_id}/exports/{export_id}": 5,
    "GET /api/exports/{area_id}/{name}": 20,
    "GET /api/places/{place_id}": 5,
    "GET /api/openapi.json": 2,
    "GET /api/area-configs/{area_id}/images": 20,  # with all that is stored of their tiles
    "GET /api/area-configs/{area_id}/kept": 5,
    "PUT /api/images/{image_id}/pin": 5,
    "DELETE /api/images/{image_id}/pin": 5,
    "POST /api/holds": 5,
    "POST /api/holds/{hold_id}/lift": 5,
    "POST /api/layers/imports": 10,
    "PUT /api/layers/imports/{import_id}/file": 50,
    "POST /api/layers/imports/{import_id}/read": 50,  # a job of seconds
    "POST /api/layers/imports/{import_id}/keep": 20,
    "GET /api/layers/{layer_id}/parcels": 10,
    "POST /api/layers/{layer_id}/match": 50,  # what all of a layer's parcels are called is read
}
LIST = 5  # of a list that is not in the table
ROWS = READ_AT_ONCE
SIGNING_IN = {"POST /api/auth/login", "POST /api/auth/register"}
# What takes the processor for long: of one user and process one after the other. Lists without a limit too.
ALONE = {
    "POST /api/auth/password",
    "POST /api/area-configs",
    "POST /api/area-configs/estimate",
    "PATCH /api/area-configs/{area_id}",
    "POST /api/layers/{layer_id}/match",
    "POST /api/area-configs/{area_id}/dry-run",
    "GET /api/places/export",
    "GET /api/alerts/sessions/{session_id}/details",
    "GET /api/alerts/sessions/{session_id}/ignored",
}


def network(request: Request) -> str:
    """Return where a request comes from: what API Gateway, or the server behind its trusted proxy, says. No header."""
    identity = request.context.get("identity") or {}
    return network_of(str(identity.get("sourceIp") or ""))


def check_path(route: Route, request: Request) -> None:
    """Let no path pass that a proxy's rules read as another one. Raises Invalid and NotFound."""
    if _SEMICOLON.search(str(request.context.get("path", ""))):
        raise NotFound if "{" in route.path else Invalid("a path has no ';' here, however it is written")


def admit_address(route: Route, request: Request, ports: Ports) -> None:
    """Let a request through, as far as it does not matter who asks. Raises LimitReached.

    The narrow limit first: what is refused there is not taken from others who have the same address.
    """
    limits, who, now = ports.limits, network(request), ports.clock()
    own = {
        "POST /api/auth/login": limits.sign_ins,
        "POST /api/auth/password": limits.sign_ins,
        "POST /api/auth/register": limits.registrations,
    }.get(_name(route))
    if own is not None:
        admit(who, 1, own, buckets=ports.buckets, now=now)
    admit(who, cost(route), limits.address, buckets=ports.shared_buckets, now=now)


def admit_user(route: Route, user_id: int, ports: Ports, *, rows: int = ROWS) -> None:
    """Let a request of somebody who is signed in through, with the first of its rows. Raises LimitReached.

    It goes before the address's limits: what one user is refused is not taken from others who have the same address.
    """
    units = ceil(cost(route) * rows / ROWS)
    admit(str(user_id), units, ports.limits.user, buckets=ports.shared_buckets, now=ports.clock())


def admit_further(route: Route, sign_in: SignIn | None, ports: Ports, share: Share, rows: int) -> None:
    """Let so many further rows of an answer be read, once others' requests are answered. Raises LimitReached."""
    share.give_way()
    if sign_in is not None:
        admit_user(route, sign_in.user.user_id, ports, rows=rows)


@contextmanager
def of_stranger(route: Route, request: Request, ports: Ports) -> Iterator[Share]:
    """Answer a request of somebody who is not signed in, within the share of those. Raises LimitReached."""
    admit_address(route, request, ports)
    if _name(route) not in SIGNING_IN:
        yield Share(ports.in_flight)
        return
    threads = ports.in_flight
    with (
        threads.held(f"sign-ins from {network(request)}", most=threads.quarter),
        threads.held("sign-ins", most=threads.half) as share,
    ):
        yield share


@contextmanager
def of_user(route: Route, request: Request, user_id: int, ports: Ports) -> Iterator[Share]:
    """Answer a request of a user, within the user's share. Raises LimitReached."""
    is_alone = _name(route) in ALONE or (route.is_paged and "limit" not in (request.query_params or {}))
    threads = ports.in_flight
    with threads.held(f"user {user_id}", most=threads.half, is_alone=is_alone) as share:
        admit_user(route, user_id, ports)
        admit_address(route, request, ports)
        yield share


def cost(route: Route) -> int:
    """Return what a request of a route costs."""
    return COSTS.get(_name(route), LIST if route.is_paged else 1)


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"
