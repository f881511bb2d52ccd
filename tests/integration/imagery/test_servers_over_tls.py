"""Servers over TLS, as the live ones are: whole answers come, and what drips is cut off in its time."""

import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.adapters.imagery.bounded_connections import BoundedAdapter
from chalicelib.adapters.imagery.bounded_http import BrokenBody, Deadline, read_body

READ_S, DRIP_S, LONGEST_S = 0.5, 0.1, 10.0
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HEADERS, CHUNKS = b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Give a file with a key, and a certificate of this machine that it signs itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(here, critical=True).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving(certificate, answer, *, drips):
    """Serve one answer to whoever connects, over TLS; with `drips` go on with a byte now and then."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(plain):
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            connection.recv(65_536)
            connection.sendall(answer)
            for _ in range(int(LONGEST_S / DRIP_S) if drips else 0):
                time.sleep(DRIP_S)
                connection.sendall(b"a")

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()


def ask(url, trusted=None):
    session = requests.Session()
    session.mount("https://", BoundedAdapter())
    return session.get(url, stream=True, timeout=READ_S, verify=trusted or True)


def test_a_whole_answer_comes(certificate):
    with serving(certificate, WHOLE, drips=False) as url:
        assert read_body(ask(url, str(certificate)), most=100, deadline=Deadline(5)) == b"hello"


def test_a_certificate_of_nobody_known_is_refused(certificate):
    with serving(certificate, WHOLE, drips=False) as url, pytest.raises(requests.exceptions.SSLError):
        ask(url)


def test_headers_that_drip_are_cut_off(certificate):
    with serving(certificate, HEADERS, drips=True) as url:
        begun = time.monotonic()
        with pytest.raises(requests.exceptions.RequestException):
            ask(url, str(certificate))
        assert time.monotonic() - begun < LONGEST_S / 2


def test_a_body_that_drips_is_cut_off(certificate):
    with serving(certificate, CHUNKS, drips=True) as url:
        response, begun = ask(url, str(certificate)), time.monotonic()
        with pytest.raises(BrokenBody, match="too slowly"):
            read_body(response, most=100, deadline=Deadline(READ_S))
        assert time.monotonic() - begun < LONGEST_S / 2
