"""What an attacker sends to a server over the network: the real nginx with the shipped site, gunicorn, MariaDB.

Each attack comes from addresses of its own, 127.0.0.2 and on, as nginx sees them; others come from 127.0.0.1.
"""

import contextlib
import itertools
import json
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.running.attackers import ADDRESSES, connected, many, sign_in, somebody, told, wait_for_words
from tests.support.running.stack import Stack, need_nginx

EMAIL = "owner@example.org"
PASSWORD = "secret-land"
PROMPT_S = 8.0  # on a machine that runs other tests too; what holds the server up below does so for 15 s and more


@pytest.fixture(scope="module")
def stack(mysql, tmp_path_factory):
    need_nginx()
    url = mysql.empty(tmp_path_factory.getbasetemp())
    with Stack(tmp_path_factory.mktemp("server"), url, workers=1, compare_wait_s=0) as running:
        yield running
    mysql.done(url)


@pytest.fixture(scope="module")
def owner(stack):
    return stack.client(email=EMAIL, password=PASSWORD)


def answered_promptly(stack, owner, times=10):
    """Let somebody else ask, on a new connection each time; give the slowest answer's seconds."""
    slowest = 0.0
    for _ in range(times):
        began = time.monotonic()
        with somebody(stack, "127.0.0.1") as other:
            answer = other.get(f"{stack.url}/api/auth/me", headers=owner.http.headers, timeout=60)
        assert answer.status_code == 200, answer.text
        slowest = max(slowest, time.monotonic() - began)
    return slowest


SIGN_IN = ("/api/auth/login", "/api/auth/login/", "/api/auth/login?x=;")  # nginx's rule and the app see the same path
OTHERS = [
    *("/api/auth/login;x", "/api/auth/login;", "/api/auth/login/;x", "/api/auth;x/login", "/api;/auth/login"),
    *("/api/auth/login%3bx", "/api/auth/login%3B", "/api/auth/login%253bx", "/api/auth%3b/login", "/;/api/auth/login"),
    *("//api/auth/login", "/api//auth/login", "/api/auth/./login", "/api/auth/x/../login", "/api/auth/login//"),
    *("/api/auth/%6cogin", "/API/AUTH/LOGIN", "/api/auth/login%2f", "/api/auth/login%20", "/api/auth/login/."),
]


@pytest.mark.parametrize("path", OTHERS)
def test_no_other_spelling_of_the_path_signs_in(stack, owner, path):
    """Else nginx's limit, whose rule sees one path, would be passed by."""
    with somebody(stack) as guesser:
        answer = sign_in(guesser, stack, PASSWORD, email=EMAIL, path=path)
    assert answer.status_code in (400, 404), "the right password: it must not have been looked at"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_spellings_that_do_share_one_limit(stack, owner):
    began = time.monotonic()
    with somebody(stack) as guesser:
        answers = [
            sign_in(guesser, stack, "a guess", path=path, email=f"{number}@example.org")
            for number, path in enumerate(itertools.islice(itertools.cycle(SIGN_IN), 36))
        ]
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 11 + (time.monotonic() - began) / 6 + 1, "ten a minute, and ten at once"


def test_one_address_guesses_little_at_once_whatever_it_says_of_itself(stack, owner):
    address, began = next(ADDRESSES), time.monotonic()

    def guess(number):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}
        with somebody(stack, address) as guesser:
            return sign_in(guesser, stack, f"guess {number}", email=EMAIL, **forged)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(200)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 10 + (time.monotonic() - began) / 120 + 1, "wrong passwords of one address and account"
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    with somebody(stack, address) as guesser:
        assert sign_in(guesser, stack, PASSWORD, email=EMAIL).status_code == 429, "a refusal tells nothing"
    with somebody(stack, "127.0.0.1") as at_home:
        assert sign_in(at_home, stack, PASSWORD, email=EMAIL).status_code == 200, "nobody else is slowed down"
    assert answered_promptly(stack, owner) < PROMPT_S


def test_a_thousand_guesses_from_a_hundred_addresses_end_at_the_accounts_limit(stack, owner):
    began = time.monotonic()

    def guess(address):
        with somebody(stack, address) as guesser:
            return [sign_in(guesser, stack, f"guess {number}", email=EMAIL) for number in range(10)]

    with ThreadPoolExecutor(16) as pool:
        answers = list(itertools.chain(*pool.map(guess, itertools.islice(ADDRESSES, 100))))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 100 + (time.monotonic() - began) / 60 + 1
    with somebody(stack) as stranger:
        assert sign_in(stranger, stack, PASSWORD, email=EMAIL).status_code == 429, (
            "also with the right one, from a new address"
        )
    with somebody(stack, "127.0.0.1") as at_home:
        assert sign_in(at_home, stack, PASSWORD, email=EMAIL).status_code == 200, (
            "the owner signs in where he did before"
        )
    with somebody(stack) as another:
        email = {"email": "another@example.org", "password": PASSWORD}
        assert another.post(f"{stack.url}/api/auth/register", json=email, timeout=60).status_code == 201


BODY = b"POST /api/area-configs/estimate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
HEAD = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
MOST = 200  # of one address at once, as the site says


def test_six_hundred_bodies_without_an_end_hold_up_nobody(stack, owner):
    """More than nginx here has connections (512), and than gunicorn has threads."""
    with many(stack, 3 * MOST, BODY, address=next(ADDRESSES)) as slow:
        slowest = answered_promptly(stack, owner)
        assert slowest < PROMPT_S
        refused = wait_for_words(slow, MOST)
        assert {told(each, 10)[:12] for each in refused} == {b"HTTP/1.1 429"}, "what one address has too many of"
        assert len(refused) >= MOST
        end = time.monotonic() + 40
        for each in slow:
            assert each in refused or told(each, max(0.1, end - time.monotonic())) is not None, "ended after 15 s"
    assert answered_promptly(stack, owner) < PROMPT_S


def test_headers_without_an_end_end_after_a_while(stack, owner):
    with many(stack, 300, HEAD, address=next(ADDRESSES)) as slow:
        assert answered_promptly(stack, owner) < PROMPT_S
        end = time.monotonic() + 40
        assert [each for each in slow if told(each, max(0.1, end - time.monotonic())) is None] == []


def test_a_thousand_connections_that_say_nothing_give_way(stack, owner):
    address = next(ADDRESSES)
    with contextlib.ExitStack() as held:
        for _ in range(1000):
            place = ("127.0.0.1", stack.https)
            held.enter_context(socket.create_connection(place, timeout=30, source_address=(address, 0)))
        assert answered_promptly(stack, owner) < PROMPT_S


POST = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
GET = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
INSIDE = "0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"{POST}Content-Length: \xb2\r\n\r\n", 400),
        (f"{POST}Content-Length: {'9' * 5000}\r\n\r\n", 400),
        (f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{INSIDE}", 400),
        (f"{POST}Content-Length: 4\r\nContent-Length: 40\r\n\r\n{INSIDE}", 400),
        (f"{POST}Transfer-Encoding: chunked\r\n\r\n{INSIDE}", 400),
        (f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n{INSIDE}", 501),
        ("TRACE /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        ("PROPFIND /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        ("GET /api/health HTTP/7.0\r\nHost: localhost\r\n\r\n", 505),
        ("GET /refused HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (f"GET /{'x' * 7_000} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (f"GET /{'x' * 8_100} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
        (f"{GET}X: {'y' * 8_100}\r\n\r\n", 431),
        (f"{GET}{'X: y' * 3_000}\r\n\r\n", 431),
        ("\x00\xff\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused_like_any_other_and_nothing_after_it_is_answered(stack, request_, status):
    with connected(stack, next(ADDRESSES), request_.encode("latin-1")) as connection:
        head, _, content = told(connection, 20).partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    body = json.loads(content)
    assert (int(head.split()[1]), body["status"]) == (status, status)
    assert body["message"]
    assert len(body["instance"]) == 32, "the id that nginx gave it"
