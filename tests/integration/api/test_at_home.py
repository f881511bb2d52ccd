"""The app behind the threaded server that serves it at home."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from chalice.config import Config
from chalice.local import create_local_server

from infra.local.server import make_server
from tests.support.timing import wait_until


@pytest.fixture
def address(server):
    """Serve on a free port."""
    serving = create_local_server(server.app, Config.create(lambda_timeout=30), "127.0.0.1", 0)
    thread = threading.Thread(target=serving.server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server.server_address[1]}"
    serving.shutdown()
    serving.server.server_close()
    thread.join(5)


def test_each_of_many_at_once_gets_their_own(server, address):
    people = [server.user(f"user{number}@example.org") for number in range(6)]

    def ask(number):
        person = people[number % len(people)]
        answer = requests.get(f"{address}/api/auth/me", headers={"Authorization": f"Bearer {person.token}"}, timeout=20)
        return number % len(people), answer.json()["email"]

    with ThreadPoolExecutor(12) as pool:
        for number, email in pool.map(ask, range(120)):
            assert email == f"user{number}@example.org"


def test_a_bare_image_load_gets_bytes(server, address, asha):
    area = asha.trip()
    tile = asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json[0]
    url = f"{address}/static_images/{tile['imagePath'].split('captured_images/')[1]}"
    with requests.Session() as bare:
        bare.headers.clear()
        answer = bare.get(url, headers={"Accept": None, "User-Agent": None}, timeout=20)
    assert "Accept" not in answer.request.headers
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content in server.images.contents.values()


def test_errors_and_empty_answers_travel_well(address, asha):
    headers = {"Authorization": f"Bearer {asha.token}"}
    with requests.Session() as kept_alive:
        for _ in range(2):
            answer = kept_alive.put(f"{address}/api/area-configs", headers=headers, timeout=20)
            assert (answer.status_code, answer.json()["status"]) == (405, 405)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert kept_alive.options(f"{address}/api/area-configs", timeout=20).status_code == 204
            area = asha.area()
            gone = kept_alive.delete(f"{address}/api/area-configs/{area['id']}", headers=headers, timeout=20)
            assert (gone.status_code, gone.content) == (204, b"")
            page = kept_alive.get(f"{address}/", headers={"Accept": "text/html"}, timeout=20)
            assert page.url == f"{address}/console/index.html"
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.fixture
def home(server):
    """Serve as at home."""
    serving = make_server(server.app, Config.create(lambda_timeout=30), "127.0.0.1", 0)
    threading.Thread(target=serving.server.serve_forever, daemon=True).start()
    yield serving.server
    serving.shutdown()
    serving.server.server_close()


def address_of(home):
    return f"http://127.0.0.1:{home.server_address[1]}"


def test_a_kept_connection_is_answered_without_waiting_for_a_receipt(home):
    fast, end = 0, time.monotonic() + 60
    with requests.Session() as kept_alive:
        while fast < 5:
            began = time.perf_counter()
            kept_alive.get(f"{address_of(home)}/nothing", timeout=20)
            # Two small writes wait for each other 40 ms and more, each time; a busy machine is not busy all the time.
            fast += time.perf_counter() - began < 0.02
            assert time.monotonic() < end, fast


def test_connections_beyond_the_most_are_turned_down_and_none_is_lost(home):
    home._free = threading.BoundedSemaphore(3)
    held = [socket.create_connection(home.server_address[:2]) for _ in range(3)]
    wait_until(lambda: not home._free._value, within_s=5)
    refused = requests.get(f"{address_of(home)}/api/health", timeout=20)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.headers["Content-Type"] == "application/problem+json"
    for each in held:
        each.close()
    wait_until(lambda: home._free._value == 3, within_s=5)
    assert requests.get(f"{address_of(home)}/api/health", timeout=20).status_code == 200


def told(home, request):
    """Send bytes as they are; give the status and the body of all that comes back until the connection ends."""
    with socket.create_connection(home.server_address[:2], timeout=20) as connection:
        connection.sendall(request.encode("latin-1"))
        head, _, content = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    body = json.loads(content)
    assert body["message"]
    assert int(head.split()[1]) == body["status"]
    return body["status"]


POST = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\n"
HEADERS = "X: y\r\n" * 200
INSIDE = "0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"{POST}Content-Length: \xb2\r\n\r\n", 400),  # a digit to Python, and no number
        (f"{POST}Content-Length: -1\r\n\r\n", 400),
        (f"{POST}Content-Length: {'9' * 5000}\r\n\r\n", 413),
        (f"{POST}Transfer-Encoding: chunked\r\n\r\n{INSIDE}", 400),
        (f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{INSIDE}", 400),
        (f"{POST}Content-Length: 4\r\nContent-Length: 40\r\n\r\n{INSIDE}", 400),
        (f"{POST}Transfer-Encoding : chunked\r\n\r\n{INSIDE}", 400),
        (f"{POST}Content-Length : 40\r\n\r\n{INSIDE}", 400),
        (f"{POST}no header\r\nContent-Length: 40\r\n\r\n{INSIDE}", 400),
        ("TRACE /api/health HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("PROPFIND /api/health HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("GET /api/health\r\n\r\n", 505),
        ("GET /api/health HTTP/7.0\r\nHost: x\r\n\r\n", 505),
        (f"GET /{'x' * 70_000} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (f"GET /api/health HTTP/1.1\r\n{HEADERS}\r\n", 431),
    ],
)
def test_what_is_no_request_is_refused_like_any_other_and_nothing_after_it_is_answered(home, caplog, request_, status):
    assert told(home, request_) == status
    assert "connection failed" not in caplog.messages


def test_of_two_tokens_in_one_request_neither_holds(home, asha):
    one = f"Authorization: Bearer {asha.token}\r\n"
    for other in (one, "Authorization: Bearer x\r\n"):
        assert told(home, f"GET /api/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{one}{other}\r\n") == 401
