"""Attackers of a whole server, each at an address of this machine's own, and what their connections are told."""

import contextlib
import itertools
import select
import socket
import ssl
import time

import requests
from requests.adapters import HTTPAdapter

from tests.support.running.stack import verifying

ADDRESSES = (f"127.0.{third}.{last}" for third in itertools.count() for last in range(2, 250))


class From(HTTPAdapter):
    """Connections from one address of this machine."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, **options, source_address=(self.address, 0))


def somebody(stack, address=None):
    """Make a client without a sign-in, at an address that nobody else has."""
    session = verifying(str(stack.certificate))
    session.mount("https://", From(address or next(ADDRESSES)))
    return session


def sign_in(session, stack, password, *, path="/api/auth/login", email, **headers):
    """Try to sign in; the path goes as it is."""
    body = {"email": email, "password": password}
    prepared = session.prepare_request(requests.Request("POST", stack.url, json=body, headers=headers))
    prepared.url = stack.url + path
    return session.send(prepared, timeout=60, verify=str(stack.certificate), allow_redirects=False)


def connected(stack, address, sent):
    """Open a connection and send the beginning of a request."""
    context = ssl.create_default_context(cafile=str(stack.certificate))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # a newer one speaks after its handshake, unasked
    bare = socket.create_connection(("127.0.0.1", stack.https), timeout=30, source_address=(address, 0))
    wrapped = context.wrap_socket(bare, server_hostname="localhost")
    wrapped.sendall(sent)
    return wrapped


@contextlib.contextmanager
def many(stack, count, sent, *, address):
    """Hold that many connections, each with the beginning of a request.

    An nginx that has no connection left ends one that has not said anything yet, which may be ours as it shakes hands:
    it is opened once more, as an attacker would.
    """
    with contextlib.ExitStack() as held:
        yield [held.enter_context(_at_last_connected(stack, address, sent)) for _ in range(count)]


def _at_last_connected(stack, address, sent, within_s=20):
    end = time.monotonic() + within_s
    while True:
        try:
            return connected(stack, address, sent)
        except (ConnectionError, ssl.SSLEOFError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def told(connection, within_s):
    """Give all that a connection says until it ends, None if it goes on."""
    connection.settimeout(within_s)
    try:
        return b"".join(iter(lambda: connection.recv(65536), b""))
    except TimeoutError:
        return None
    except OSError:
        return b""  # closed the hard way


def wait_for_words(connections, count, within_s=20):
    """Wait until that many of them were told something; give those."""
    end, spoken = time.monotonic() + within_s, []
    while len(spoken) < count and time.monotonic() < end:
        silent = [each for each in connections if each not in spoken]
        spoken += select.select(silent, [], [], 0.5)[0]
    return spoken
