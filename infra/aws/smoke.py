"""`make smoke`: the contract on a live stage, walked from outside as the existing client calls it.

With SMOKE_EMAIL and SMOKE_PASSWORD it signs in, and sees an area through its first session; it removes the area again.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from infra.errors import OperatorError

TIMEOUT_S, SESSION_S = 35, 300
LAND = {
    "name": "smoke",
    "centerLat": 28.6,
    "centerLon": 77.2,
    "northKm": 0.05,
    "southKm": 0.05,
    "eastKm": 0.05,
    "westKm": 0.05,
}
SLASH = (
    "the gateway itself refused a path that ends in a slash, which the existing client calls: put CloudFront before "
    "the API with a function that takes the slash away (docs/deploy.md, The trailing slash)"
)


@dataclass
class Walk:
    """The steps so far, and what did not go well."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)
    failures: list[str] = field(default_factory=list)

    def step(self, method: str, path: str, status: int, body: Any = None, **options: Any) -> requests.Response | None:  # noqa: ANN401 (requests' own)
        """Send a request; return the answer if its status is the one of the contract, else note a failure."""
        began = time.monotonic()
        try:
            answer = self.http.request(
                method, f"{self.url}{path}", json=body, timeout=TIMEOUT_S, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise OperatorError(
                f"{self.url} does not answer ({type(error).__name__}): is that what make deploy printed?"
            ) from error
        fine = answer.status_code == status
        took = (time.monotonic() - began) * 1000
        print(
            f"{'ok ' if fine else 'NO '} {method:7} {path.partition('?')[0]:42} {answer.status_code} {took:6.0f} ms",
            flush=True,
        )
        if fine:
            return answer
        refused = path.endswith("/") and answer.status_code in (
            403,
            404,
        )  # no slash of a path that is there gives these
        self.failures.append(
            SLASH
            if refused
            else f"{method} {path.partition('?')[0]}: {answer.status_code} instead of {status}: {answer.text[:200]}"
        )
        return None


def walk(url: str) -> None:
    """Walk the contract. Raises OperatorError with everything that differs from it."""
    if not url.startswith(("https://", "http://127.0.0.1")):
        raise OperatorError(f"URL must be the stage's address, https://…/v1, not {url!r}: make deploy prints it")
    tour = Walk(url.rstrip("/"))
    _open_doors(tour)
    email, password = os.environ.get("SMOKE_EMAIL"), os.environ.get("SMOKE_PASSWORD")
    if email and password and not tour.failures:
        _signed_in(tour, email, password)
    elif not tour.failures:
        print("--  SMOKE_EMAIL and SMOKE_PASSWORD are not set: nobody signed in, no area was watched")
    if tour.failures:
        raise OperatorError("; ".join(dict.fromkeys(tour.failures)))
    print("the stage answers as the contract has it")


def _open_doors(tour: Walk) -> None:
    tour.step("GET", "/", 200)
    tour.step("GET", "/api/health", 200)
    tour.step("GET", "/api/openapi.json", 200)
    tour.step("GET", "/console/index.html", 200, headers={"Accept": "text/html"})
    stranger = {"email": "nobody@example.org", "password": "not-the-password"}
    answer = tour.step("POST", "/api/auth/login", 401, stranger)
    if answer is not None and not _is_ours(answer):
        tour.failures.append("POST /api/auth/login: the error has no message, as if the gateway had answered it")
    for path in ("/api/area-configs", "/api/area-configs/", "/api/alerts/sessions", "/api/monitor/image-tiles/area/1/"):
        tour.step("GET", path, 401)
    tour.step("POST", "/api/monitor/capture/1/", 401)
    tour.step("GET", "/static_images/1/nothing.png", 403)
    tour.step(
        "OPTIONS",
        "/api/area-configs/",
        204,
        headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"},
    )
    gone = tour.step("GET", "/api/no-such-thing", 404)
    if gone is not None and not _is_ours(gone):
        tour.failures.append("GET /api/no-such-thing: API Gateway's own errors lack the message: run make deploy again")


def _signed_in(tour: Walk, email: str, password: str) -> None:
    answer = tour.step("POST", "/api/auth/login", 200, {"email": email, "password": password})
    if answer is None:
        return
    tour.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    answer = tour.step("POST", "/api/area-configs/", 201, LAND)
    if answer is None:
        return
    area = answer.json()["id"]
    try:
        begun = tour.step("POST", f"/api/monitor/capture/{area}", 200)
        if begun is not None:
            _follow(tour, area, begun.json()["session"]["id"])
    finally:
        tour.step("DELETE", f"/api/area-configs/{area}", 204)


def _follow(tour: Walk, area: int, session: int) -> None:
    """Wait for the session's end: it proves queues, layers, database and bucket."""
    tour.step("POST", f"/api/monitor/compare/{area}", 200)
    end = time.monotonic() + SESSION_S
    while True:
        answer = tour.step("GET", f"/api/alerts/sessions/{session}/details", 200)
        state = answer.json() if answer is not None else {"status": "lost"}
        if state["status"] != "IN_PROGRESS":
            break
        if time.monotonic() > end:
            tour.failures.append(
                f"session {session} did not end in {SESSION_S} s: look at the queues and their functions' logs"
            )
            return
        time.sleep(5)
    print(f"    the session ended: {state['status']} {state.get('countsByVerdict')}")
    if state["status"] not in ("COMPLETED_NO_CHANGES", "COMPLETED_CHANGES_DETECTED"):
        tour.failures.append(f"session {session} ended as {state['status']}: {state.get('failures')}")
    answer = tour.step("GET", f"/api/monitor/image-tiles/area/{area}/", 200)
    if answer is not None and answer.json():
        path = answer.json()[0]["imagePath"].partition("captured_images/")[2]
        tour.step("GET", f"/static_images/{path}", 302)


def _is_ours(answer: requests.Response) -> bool:
    """Is the answer the application's error, and not the gateway's bare one?"""
    try:
        body = answer.json()
    except ValueError:
        return False
    return isinstance(body, dict) and "message" in body and "status" in body
