"""The HTTP server of one machine: Chalice's local server, made fit for clients other than browsers."""

from __future__ import annotations

import logging
import shutil
import socket
from contextlib import suppress
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalDevServer, ThreadedHTTPServer

from infra.runtime.gateway import Answer, Gateway, most_body, refusal, refused_length

log = logging.getLogger(__name__)
IDLE_S = 65
MOST_CONNECTIONS = 256  # each of them is a thread
MOST_ANSWERS = 12  # that are being made at once: fewer than the database has connections, and a worker needs some
CROWDED = "the server has as many connections as it takes: try again in a moment"


class Handler(ChaliceRequestHandler):
    """One connection."""

    server: Server
    timeout = IDLE_S
    wbufsize = -1  # headers and content leave together: of two writes the second waits for the first one's receipt
    disable_nagle_algorithm = True

    def __init__(self, *args: Any, app_object: Chalice, config: Config) -> None:  # noqa: ANN401 (socketserver's)
        self._gateway = Gateway(app_object)
        super().__init__(*args, app_object=app_object, config=config)  # this answers every request of the connection

    def _generic_handle(self) -> None:
        try:
            if (refused := self._unreadable()) is not None:
                self._end_with(refused)  # its body is not read
                return
            _, body = self._parse_payload()
            # One that is said twice is both, as with every other server: of two tokens neither holds.
            headers = {name: ", ".join(self.headers.get_all(name, ())) for name in self.headers}
            source_ip = str(self.client_address[0])
            with self.server.turns:
                answer = self._gateway.answer(self.command, self.path, headers, body, source_ip=source_ip)
            self._send(answer)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _unreadable(self) -> Answer | None:
        """Refuse a request whose body's length is not said in one number: what follows it would be another request."""
        told: dict[str, Any] = {"method": self.command, "origin": self.headers.get("Origin")}
        if self.request_version == "HTTP/0.9":
            return refusal(505, "ask with HTTP/1.1", **told)
        if self.headers.defects:  # Python ends the headers at such a line: the length of the body may stand below it
            return refusal(400, "a header is a name, a colon right behind it, and a value", **told)
        lengths = self.headers.get_all("Content-Length", ["0"])
        if "Transfer-Encoding" in self.headers or len(lengths) > 1:
            return refusal(400, "say the body's length once, in Content-Length: chunks are not read here", **told)
        return refused_length(lengths[0], most_body(self.command, self.path), **told)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request that can be answered, in the shape of the app's own refusals."""
        method, status = self.command or "GET", 405 if code == HTTPStatus.NOT_IMPLEMENTED else code
        with suppress(BrokenPipeError, ConnectionResetError):
            self._end_with(refusal(status, explain or message or HTTPStatus(status).phrase, method=method))

    def _end_with(self, answer: Answer) -> None:
        self.close_connection = True
        self.request_version = "HTTP/1.1"  # of a version that is none the base class would send no headers
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        self.wfile.write(answer.content)
        if answer.file is not None:
            with answer.file:
                shutil.copyfileobj(answer.file, self.wfile)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Log nothing: the app's middleware logs each request once, without its query."""


def _refused() -> bytes:
    answer = refusal(503, CROWDED)
    headers = [*answer.headers, ("Retry-After", "5"), ("Content-Length", str(answer.length)), ("Connection", "close")]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 503 Service Unavailable\r\n{head}\r\n".encode() + answer.content


class Server(ThreadedHTTPServer):
    """A server that takes bursts of connections."""

    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 (socketserver's)
        self.turns = BoundedSemaphore(MOST_ANSWERS)
        self._free = BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(*args, **options)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's)
        """Serve a connection in a thread of its own; turn one down that is too many."""
        if not self._free.acquire(blocking=False):
            request.sendall(_refused())
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's)
        """Serve a connection, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, _request: object, _client: object) -> None:
        """Log what went wrong with a connection, as one line like every other."""
        log.error("connection failed", exc_info=True)  # noqa: LOG014 (socketserver calls this in its except clause)


def make_server(app: Chalice, config: Config, host: str, port: int) -> LocalDevServer:
    """Make the server; it listens from now on. Raises OSError if the address is taken."""
    if ":" in host:
        Server.address_family = socket.AF_INET6
    return LocalDevServer(app, config, host, port, handler_cls=Handler, server_cls=Server)
