"""The app as a WSGI application, behind gunicorn: infra.server.wsgi:application('127.0.0.1,::1')."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any, cast
from urllib.parse import quote
from wsgiref.util import FileWrapper

from chalice.app import Chalice

from infra.runtime.gateway import TOO_LARGE, Answer, Gateway, most_body, refusal, refused_length

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
SENT_AT_ONCE = 2**16
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_UNPREFIXED = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


class Proxies:
    """The addresses whose X-Forwarded-For and X-Request-Id are believed. Raises ValueError for one that is none."""

    def __init__(self, listed: str) -> None:
        self._networks = [ip_network(text.strip()) for text in listed.split(",") if text.strip()]

    def is_one(self, address: str) -> bool:
        """Did this proxy send it? A peer without an address came through a Unix socket, which a file's mode guards."""
        if not address:
            return True
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        return any(peer in network for network in self._networks)


def application(proxies: str) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """Make the application; gunicorn calls this once in each of its processes."""
    from app import app

    return wsgi(app, proxies)


def wsgi(app: Chalice, proxies: str) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """Serve a Chalice app as a WSGI application, behind proxies that are believed."""
    gateway, trusted = Gateway(app), Proxies(proxies)

    def answered(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = _answer(gateway, trusted, environ)
        headers = [*answer.headers, ("Content-Length", str(answer.length))]
        start_response(f"{answer.status} {_phrase(answer.status)}", headers)
        if answer.file is None:
            return [answer.content]
        wrap = environ.get("wsgi.file_wrapper", FileWrapper)  # the server's own sends it without reading it
        return cast("Iterable[bytes]", wrap(answer.file, SENT_AT_ONCE))

    return answered


def _answer(gateway: Gateway, trusted: Proxies, environ: Environ) -> Answer:
    method: str = environ["REQUEST_METHOD"]
    source_ip, request_id = environ.get("REMOTE_ADDR") or "", ""
    if trusted.is_one(source_ip):
        request_id = _matching(environ.get("HTTP_X_REQUEST_ID", ""))
        # The last one is the proxy's own; what stands before it came from the client.
        source_ip = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or source_ip or "127.0.0.1"
    length = environ.get("CONTENT_LENGTH") or "0"
    told_to: dict[str, Any] = {"method": method, "origin": environ.get("HTTP_ORIGIN"), "instance": request_id}
    most = most_body(method, environ.get("PATH_INFO", ""))
    if (refused := refused_length(length, most, **told_to)) is not None:
        return refused
    # One more byte than allowed: a body in chunks says its length nowhere.
    body = environ["wsgi.input"].read(int(length) or most + 1)
    if len(body) > most:
        return refusal(413, TOO_LARGE, **told_to)
    headers = {
        _UNPREFIXED.get(name) or name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in _UNPREFIXED
    }
    return gateway.answer(method, _target(environ), headers, body or None, source_ip=source_ip, request_id=request_id)


def _target(environ: Environ) -> str:
    """Return the path and query as they were sent: WSGI's PATH_INFO is decoded, and `%2F` would be a slash in it."""
    raw = environ.get("RAW_URI")
    if raw:
        return str(raw)
    path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/!$&'()*+,;=:@")
    return f"{path}?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else path


def _matching(request_id: str) -> str:
    return request_id if _REQUEST_ID.fullmatch(request_id) else ""


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
