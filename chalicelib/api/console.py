"""What is not the API proper: the liveness message, health, and the web console's static files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chalice.app import Request, Response

from chalicelib.api.http import Api, MessageOut
from chalicelib.api.problems import Headers, problem
from chalicelib.composition import Ports
from chalicelib.domain.errors import NotFound, Unavailable

api = Api(__name__)

FOLDER = Path(__file__).parent.parent / "console"
TEXT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
POLICY = (
    # Images come from here or, on AWS, by redirect from the bucket; and files of parcels are sent to it.
    "default-src 'self'; img-src 'self' data: blob: https:; connect-src 'self' https://*.amazonaws.com; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"
)

# No page that opens ours holds its window, none includes our files, and none of ours asks for what a phone has.
APART: Headers = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Health(MessageOut):
    """Whether everything answers that the API needs."""

    database: str
    storage: str


def page(text: str, *, media_type: str = TEXT_TYPES[".html"], policy: str = POLICY) -> Response:
    """Answer a text file that a browser shows."""
    headers: Headers = {"Content-Type": media_type, "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return Response(body=text, status_code=200, headers=headers | APART)


@api.route("/", response=MessageOut, extra_statuses=(302,), public=True)
def live(request: Request) -> MessageOut | Response:
    """Say that the API lives; a browser is sent to the console."""
    if "text/html" in (request.headers.get("accept") or ""):
        return _redirect(request, "console/index.html")
    return MessageOut(message="Bhuprahari is running")


@api.route("/api/health", response=Health, extra_statuses=(503,), public=True)
def health(ports: Ports) -> Health | Response:
    """Check the database and the image store."""
    database, storage = _checked(ports.check_database), _checked(ports.images.check)
    if (database, storage) == ("ok", "ok"):
        return Health(message="everything answers", database=database, storage=storage)
    away = [name for name, state in (("database", database), ("storage", storage)) if state != "ok"]
    answer = problem(503, f"no answer from: {', '.join(away)}", headers={"Retry-After": "5"})
    answer.body |= {"database": database, "storage": storage}
    return answer


@api.route("/console", status=302, public=True)
def console(request: Request) -> Response:
    """Send a browser to the console."""
    return _redirect(request, "index.html")


@api.route("/console/{name}", response=tuple(kind.partition(";")[0] for kind in TEXT_TYPES.values()), public=True)
def console_file(name: str) -> Response:
    """Give one of the console's files."""
    if name not in {path.name for path in FOLDER.iterdir() if path.suffix in TEXT_TYPES}:
        raise NotFound
    path = FOLDER / name
    return page(path.read_text(encoding="utf-8"), media_type=TEXT_TYPES[path.suffix])


def _checked(check: Callable[[], None]) -> str:
    try:
        check()
    except Unavailable:
        return "unavailable"
    return "ok"


def _redirect(request: Request, target: str) -> Response:
    # Relative to the path as it was asked for, since only that knows of a stage or a prefix in front of ours.
    asked = str(request.context.get("path") or request.path)
    folder = "" if asked.endswith("/") else f"{asked.rsplit('/', 1)[-1]}/"
    return Response(body="", status_code=302, headers={"Location": folder + target, "Content-Type": "text/plain"})
