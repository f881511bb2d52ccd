"""The HTTP server of one machine: Chalice's local server, made fit for clients other than browsers."""

from __future__ import annotations

import logging
import socket
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer, ThreadedHTTPServer

from infra.runtime.gateway import MAX_BODY, TOO_LARGE, Answer, Gateway, refusal

log = logging.getLogger(__name__)
IDLE_S = 65


class Handler(ChaliceRequestHandler):
    """One connection."""

    timeout = IDLE_S

    def __init__(self, *args: Any, app_object: Chalice, config: Config) -> None:  # noqa: ANN401 (socketserver's)
        self._gateway = Gateway(app_object)
        super().__init__(*args, app_object=app_object, config=config)  # this answers every request of the connection

    def _generic_handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        try:
            if not length.isdigit() or int(length) > MAX_BODY:
                self.close_connection = True
                status, origin = 413 if length.isdigit() else 400, self.headers.get("Origin")
                self._send(refusal(status, TOO_LARGE, method=self.command, origin=origin))
                return
            headers, body = self._parse_payload()
            source_ip = str(self.client_address[0])
            self._send(self._gateway.answer(self.command, self.path, headers, body, source_ip=source_ip))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Log nothing: the app's middleware logs each request once, without its query."""


class Server(ThreadedHTTPServer):
    """A server that takes bursts of connections."""

    request_queue_size = 128
    allow_reuse_address = True

    def handle_error(self, _request: object, _client: object) -> None:
        """Log what went wrong with a connection, as one line like every other."""
        log.error("connection failed", exc_info=True)  # noqa: LOG014 (socketserver calls this in its except clause)


def make_server(app: Chalice, config: Config, host: str, port: int) -> LocalDevServer:
    """Make the server; it listens from now on. Raises OSError if the address is taken."""
    if ":" in host:
        Server.address_family = socket.AF_INET6
    return LocalDevServer(app, config, host, port, handler_cls=Handler, server_cls=Server)
