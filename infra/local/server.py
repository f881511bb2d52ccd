"""The HTTP server at home: Chalice's local server, made fit for a client that is not a browser."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    LocalChalice,
    LocalDevServer,
    LocalGatewayException,
    ThreadedHTTPServer,
    create_local_server,
)

from chalicelib.api.problems import problem

log = logging.getLogger(__name__)
MAX_BODY = 10 * 1024 * 1024  # API Gateway's own limit; the app refuses far smaller ones with 413
IDLE_S = 65


class Handler(ChaliceRequestHandler):
    """One connection."""

    timeout = IDLE_S

    def _parse_payload(self) -> tuple[dict[str, Any], bytes | None]:
        headers, body = super()._parse_payload()
        # Chalice answers 400 to a binary view's caller that sends no Accept; API Gateway's own binary types do not.
        if not any(name.lower() == "accept" for name in headers):
            headers["Accept"] = "*/*"
        return headers, body

    def _generic_handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._say(413 if length.isdigit() else 400, "the body is too large, or its length cannot be read")
            return
        try:
            super()._generic_handle()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _send_error_response(self, error: LocalGatewayException) -> None:
        # Chalice plays API Gateway here and answers 403 "Missing Authentication Token" to an unknown path.
        self._say(404, f"there is nothing at {self.path.partition('?')[0]}")
        log.info("request refused", extra={"status": error.CODE, "method": self.command})

    def _say(self, status: int, sentence: str) -> None:
        answer = problem(status, sentence)
        self._send_http_response(status, dict(answer.headers), json.dumps(answer.body | {"instance": self.path}))

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: bytes | str) -> None:
        if self.command != "HEAD":
            super()._send_http_response_with_body(code, headers, body)
            return
        self.send_response(code)
        content = body if isinstance(body, bytes) else body.encode()
        self._send_headers({**headers, "Content-Length": str(len(content))})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing: the app's middleware logs each request once, without its query."""


class Server(ThreadedHTTPServer):
    """Takes bursts of connections."""

    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, _request: object, _client: object) -> None:
        """Log what went wrong with a connection, as one line like every other."""
        log.error("connection failed", exc_info=True)  # noqa: LOG014 (socketserver calls this in its except clause)


def make_server(app: Chalice, config: Config, host: str, port: int) -> LocalDevServer:
    """Make the server; it listens from now on. Raises OSError if the address is taken."""
    # For its side effect alone: it makes `app.current_request` a thread's own. Port 0: any, closed at once.
    if not isinstance(app, LocalChalice):
        create_local_server(app, config, "127.0.0.1", 0).server.server_close()
    if ":" in host:
        Server.address_family = socket.AF_INET6
    return LocalDevServer(app, config, host, port, handler_cls=Handler, server_cls=Server)
