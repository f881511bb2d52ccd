"""A local server that behaves like Google's Maps Static API, and fails as it is told to.

Give it a script of answers; each request takes the next one, and after the last one every answer is a picture.
"""

import base64
import hashlib
import hmac
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

KEY = "AIza-a-key-for-tests"
SIGNING_SECRET = base64.urlsafe_b64encode(b"\xfb\xff twenty bytes long").decode()
PATH = "/maps/api/staticmap"
DATE = "Sun, 22 Nov 2026 13:00:00 GMT"

Answer = Callable[["_Handler", dict[str, str]], None]


@lru_cache(maxsize=64)
def rendered(centre: str, zoom: str, size: str, scale: str) -> bytes:
    """A picture that looks different for each place."""
    width, height = (int(side) * int(scale) for side in size.split("x"))
    shades = hashlib.sha256(f"{centre}/{zoom}".encode()).digest()
    small = np.frombuffer(shades * 6, np.uint8)[:192].reshape(8, 8, 3)
    return cv2.imencode(".png", cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))[1].tobytes()


def a_picture(handler, query):
    handler.reply(200, "image/png", handler.picture(query))


def a_warning(text: str) -> Answer:
    """The error picture, or the one with a yellow bar: only a header tells it."""
    return lambda handler, query: handler.reply(
        200, "image/png", handler.picture(query), {"X-Staticmap-API-Warning": text}
    )


def an_error(status: int, text: str = "The provided API key is invalid. ", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler, _: handler.reply(status, "text/plain; charset=UTF-8", text.encode(), named)


def busy(retry_after: str) -> Answer:
    return an_error(429, "", Retry_After=retry_after)


def content(kind: str, body: bytes) -> Answer:
    return lambda handler, _: handler.reply(200, kind, body)


def half_a_file(handler, query):
    whole = handler.picture(query)
    handler.reply(200, "image/png", whole[: len(whole) // 2], {"Content-Length": str(len(whole))})


def a_slow_drip(handler, query):
    """One byte at a time: no single read ever takes long."""
    whole = handler.picture(query)
    handler.start(200, "image/png", {"Content-Length": str(len(whole))})
    for at in range(len(whole)):
        if handler.server.stopping.wait(0.02):
            return
        handler.wfile.write(whole[at : at + 1])


def silence(handler, _):
    handler.server.stopping.wait(5)


def a_reset(handler, _):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for each in (handler.rfile, handler.wfile, handler.connection):  # the socket closes with its last user
        each.close()


def half_a_header(handler, _):
    """Header lines that make an HTTP library complain, with the whole URL, in its log."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nno colon here\r\nX: y\r\n\r\n")
    handler.close_connection = True


def a_redirect(handler, _):
    handler.reply(302, "text/html", b"", {"Location": f"http://127.0.0.1:{handler.server.server_port}/elsewhere"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        stand_in = self.server.stand_in
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        stand_in.requests.append((self.path, query))
        answer = stand_in.answers.popleft() if stand_in.answers else stand_in.otherwise
        try:
            answer(self, query)
        except OSError:
            self.close_connection = True  # the other side has hung up

    def picture(self, query):
        return self.server.stand_in.picture(urlsplit(self.path).path, query)

    def start(self, status, kind, headers):
        self.send_response_only(status)
        self.send_header("Date", DATE)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def reply(self, status, kind, body, headers=None):
        self.start(status, kind, {"Content-Length": str(len(body))} | (headers or {}))
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a connection that the client broke off


class GoogleStandIn:
    """The server, for a `with`."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        self._server.stopping = threading.Event()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def script(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    def picture(self, path: str, query: dict[str, str]) -> bytes:
        return rendered(query["center"], query["zoom"], query["size"], query["scale"])

    def otherwise(self, handler, query) -> None:
        """Answer as Google does: checks, then a picture."""
        path, given = handler.path.partition("&signature=")[::2]
        key = base64.urlsafe_b64decode(SIGNING_SECRET)
        wanted = base64.urlsafe_b64encode(hmac.new(key, path.encode(), hashlib.sha1).digest()).decode()
        if query.get("key") != KEY:
            an_error(403)(handler, query)
        elif given.replace("%3D", "=") != wanted:
            an_error(403, "The provided 'signature' is not valid. ")(handler, query)
        elif urlsplit(path).path != PATH or not {"center", "zoom", "size"} <= query.keys():
            an_error(400, "Error: Missing parameter. ")(handler, query)
        elif max(int(side) for side in query["size"].split("x")) > 640:
            an_error(400, "Error: The size parameter is too large. ")(handler, query)
        else:
            a_picture(handler, query | {"scale": query.get("scale", "1")})
