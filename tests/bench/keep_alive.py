"""How long an answer takes at home on a kept connection, beside the same one without HTTP. Prints.

python -m tests.bench.keep_alive [--rounds N]

Each round asks once over HTTP, as a client does that keeps its connection, and once in the process; and sends a byte to
a thread that sends it back, which is what the machine takes to wake two threads, however busy it is. Were headers and
body two writes, 40 ms would come on top, with the receipt of the first (RFC 1122, 4.2.3.2).
"""

import argparse
import http.client
import logging
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

from chalice.config import Config

from infra.local.server import make_server
from infra.runtime.gateway import Gateway
from tests.support.api_server import Server
from tests.support.databases.copies import migrate

PATHS = {"health": "/api/health", "me": "/api/auth/me", "areas": "/api/area-configs"}


def echoing():
    """Make the near end of a connection whose far end sends back what comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    near, (far, _) = socket.create_connection(listener.getsockname()), listener.accept()
    listener.close()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def echo():
        with far:
            while came := far.recv(1):
                far.sendall(came)

    threading.Thread(target=echo, daemon=True).start()
    return near


def taken(server, token, rounds):
    """Ask in turns; give the milliseconds of each path, over HTTP and in the process, and of an echo."""
    serving = make_server(server.app, Config.create(lambda_timeout=30), "127.0.0.1", 0)
    threading.Thread(target=serving.server.serve_forever, daemon=True).start()
    connection, gateway = http.client.HTTPConnection(*serving.server.server_address[:2]), Gateway(server.app)
    headers, took = {"authorization": f"Bearer {token}"}, {name: ([], [], []) for name in PATHS}
    near = echoing()

    def over_http(path):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def in_process(path):
        return gateway.answer("GET", path, headers, None).status

    def by_echo(_path):
        near.sendall(b"x")
        return near.recv(1) and 200

    for number in range(rounds + 5):
        for name, path in PATHS.items():
            for its, ask in zip(took[name], (over_http, in_process, by_echo), strict=True):
                began = time.perf_counter()
                assert ask(path) == 200
                if number >= 5:
                    its.append(1000 * (time.perf_counter() - began))
    connection.close()
    near.close()
    serving.shutdown()
    serving.server.server_close()
    return took


def main():
    """Measure at home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'home.db'}"
        migrate(url)
        server = Server(url, user_units_per_minute=10**9, user_units_at_once=10**9, address_units_per_minute=10**9)
        asha = server.user()
        asha.area()
        took = taken(server, asha.token, options.rounds)
        server.engine.dispose()
    print(
        f"{'':10}{'p10 ms':>9}{'p50 ms':>9}{'in process p10':>16}{'p50':>9}{'echo p10':>10}{'p50':>9}{'under 5 ms':>12}"
    )
    for name, (over_http, *others) in took.items():
        cuts, own, echo = (statistics.quantiles(each, n=10) for each in (over_http, *others))
        fast = sum(each < 5 for each in over_http) / len(over_http)
        its = f"{cuts[0]:9.2f}{cuts[4]:9.2f}{own[0]:16.2f}{own[4]:9.2f}{echo[0]:10.2f}{echo[4]:9.2f}{fast:12.0%}"
        print(f"{name:10}{its}")


if __name__ == "__main__":
    main()
