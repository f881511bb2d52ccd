"""Whom nginx's own limits count: an IPv4 address for itself, an IPv6 one with all of its /64, as the app's do.

The real nginx with the shipped site, and nothing behind it. Where a request comes from is said by a header, which
nginx's own module of trusted proxies puts in the place of the address: this machine has no network of IPv6.
"""

import http.client
import ssl
import subprocess
import time
from collections import Counter

import pytest

from tests.support.databases.mysql_server import free_port
from tests.support.running.stack import NGINX, configuration, make_certificate, need_nginx, site

TRUSTED = "    set_real_ip_from 127.0.0.1;\n    real_ip_header X-Test-From;\n"


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Give a way to try to sign in from an address: the status of nginx's answer."""
    need_nginx()
    folder = tmp_path_factory.mktemp("nginx")
    make_certificate(folder)
    (folder / "cache").mkdir()
    https, plain, nobody = (free_port() for _ in range(3))
    text = configuration(folder, TRUSTED + site(folder, https=https, http=plain, api=nobody))
    (folder / "nginx.conf").write_text(text)
    running = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    context = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))

    def asked(address):
        end = time.monotonic() + 30
        while True:
            connection = http.client.HTTPSConnection("localhost", https, context=context, timeout=30)
            try:
                connection.request("POST", "/api/auth/login", b"{}", {"X-Test-From": address})
                return connection.getresponse().status
            except ConnectionError:
                assert time.monotonic() < end, "nginx does not answer"
                time.sleep(0.05)
            finally:
                connection.close()

    yield asked
    running.terminate()
    running.wait(15)


def test_a_network_of_64_bits_has_the_tries_of_one_address(ask):
    tried = Counter(ask(f"2001:db8:0:a::{number:x}") for number in range(1, 31))
    assert tried[429] >= 15, tried
    assert ask("2001:db8:0:a:ffff:ffff:ffff:a0a") == 429
    assert ask("2001:db8:0:b::1") == 503, "its neighbour: nothing is behind this nginx, and it was let through"


def test_addresses_of_ipv4_are_counted_each_for_itself(ask):
    assert Counter(ask(f"198.51.100.{number}") for number in range(1, 31)) == {503: 30}
    assert Counter(ask("198.51.100.99") for _ in range(30))[429] >= 15
