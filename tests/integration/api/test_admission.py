"""Who asks too much is told when to come back; who guesses passwords slows down himself, and locks nobody out."""

import json

import pytest

from chalicelib.api.admission import COSTS
from chalicelib.api.openapi import APIS
from infra.runtime.gateway import Gateway
from infra.server.wsgi import wsgi
from tests.support.wsgi import call

OWNER, STRANGER = "203.0.113.9", "198.51.100.66"
ME = {"email": "asha@example.org", "password": "secret-1"}


class From:
    """Somebody who asks from an address."""

    def __init__(self, server, address, token=""):
        self.gateway, self.address, self.token = Gateway(server.app), address, token

    def ask(self, method, path, body=None, **headers):
        sent = {"content-type": "application/json", **headers}
        sent |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = None if body is None else json.dumps(body).encode()
        return self.gateway.answer(method, path, sent, content, source_ip=self.address)

    def sign_in(self, password, email="asha@example.org"):
        return self.ask("POST", "/api/auth/login", {"email": email, "password": password}).status


def refused(answer):
    headers, body = dict(answer.headers), json.loads(answer.content)
    assert answer.status == body["status"] == 429, answer
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) >= 1
    assert "try again in" in body["message"]
    return headers


def test_every_cost_is_of_a_route_that_is_there():
    known = {f"{route.method} {route.path}" for api in APIS for route in api.routes}
    assert set(COSTS) <= known


def test_a_user_who_asks_too_much_is_told_when_to_come_back_and_others_go_on(server_with):
    server = server_with(user_units_per_minute=30, allowed_origins="https://map.example.org")
    asha, badri = server.user(), server.user("badri@example.org")
    assert [asha.get("/api/auth/me").status for _ in range(31)] == [200] * 30 + [429]
    answer = From(server, OWNER, asha.token).ask("GET", "/api/auth/me", origin="https://map.example.org")
    headers = refused(answer)
    assert headers["Access-Control-Allow-Origin"] == "https://map.example.org"
    assert "Retry-After" in headers["Access-Control-Expose-Headers"]
    assert badri.get("/api/auth/me").status == 200
    server.later(seconds=int(headers["Retry-After"]))
    assert asha.get("/api/auth/me").status == 200


def test_a_route_costs_what_it_costs_whatever_its_path_looks_like(server_with):
    server = server_with(user_units_per_minute=100)
    asha = server.user()
    someone = From(server, OWNER, asha.token)
    area = {"name": "x", "centerLat": 12.9, "centerLon": 77.5, **dict.fromkeys(("northKm", "southKm"), 0.05)}
    answers = [someone.ask("POST", f"/api/area-configs/estimate{tail}", area) for tail in ("", "/", "?a=1")]
    assert [answer.status for answer in answers] == [400, 400, 429], "a refused body was read all the same"


def test_parcels_that_are_named_by_the_thousand_are_paid_for_before_they_are_read(server_with):
    server = server_with(user_units_per_minute=200)
    asha = server.user()
    someone = From(server, OWNER, asha.token)
    few, many = ({"layerId": 1, "parcelIds": list(range(1, 1 + number))} for number in (19, 10_000))
    answers = [someone.ask("POST", "/api/area-configs/estimate", body) for body in (few, many, few)]
    assert [answer.status for answer in answers] == [404, 429, 404], "what is refused is not taken"


def test_an_address_has_its_limit_and_an_ipv6_customer_one_for_all_his_addresses(server_with):
    server = server_with(address_units_per_minute=20)
    hosts = [From(server, f"2001:db8:1:2::{number:x}") for number in range(1, 22)]
    assert [host.ask("GET", "/").status for host in hosts] == [200] * 20 + [429]
    assert From(server, "2001:db8:1:3::1").ask("GET", "/").status == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"]
)
def test_no_header_of_a_stranger_makes_him_another(server_with, header):
    server = server_with(address_units_per_minute=5)
    app = wsgi(server.app, "127.0.0.1")
    name = f"HTTP_{header.upper().replace('-', '_')}"
    told = [call(app, REMOTE_ADDR=STRANGER, **{name: f"192.0.2.{number}"})[0] for number in range(6)]
    assert [status[:3] for status in told] == ["200"] * 5 + ["429"]
    # Behind the trusted proxy the last address is the proxy's own word; what stands before it is the stranger's.
    chains = [f"192.0.2.{number}, {OWNER}" for number in range(6)]
    told = [call(app, REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=chain)[0] for chain in chains]
    assert [status[:3] for status in told] == ["200"] * 5 + ["429"]


def test_a_thousand_guesses_from_one_address_are_ten_and_the_owner_gets_in(server_with):
    server = server_with(sign_ins_per_minute=10_000, address_units_per_minute=1_000_000)
    server.user()
    guesser = From(server, STRANGER)
    checked = server.passwords.checks
    answers = [guesser.sign_in(f"guess {number}") for number in range(1000)]
    assert answers == [401] * 10 + [429] * 990
    assert server.passwords.checks == checked + 10
    assert guesser.sign_in(ME["password"]) == 429, "also the right one, else a refusal would say that it was wrong"
    assert From(server, OWNER).sign_in(ME["password"]) == 200, "he never signed in from there"
    server.later(minutes=2)
    assert [guesser.sign_in("again") for _ in range(2)] == [401, 429]


def test_guesses_from_many_addresses_lock_nobody_out_who_signed_in_from_there_before(server_with):
    server = server_with(wrong_passwords_of_strangers=20)
    server.user()
    owner = From(server, OWNER)
    assert owner.sign_in(ME["password"]) == 200
    many = [From(server, f"198.51.100.{number}") for number in range(1, 31)]
    assert [each.sign_in("a guess") for each in many] == [401] * 20 + [429] * 10
    assert From(server, "192.0.2.200").sign_in(ME["password"]) == 429, "from a new address it takes its time"
    assert owner.sign_in("mistyped") == 401
    assert owner.sign_in(ME["password"]) == 200, "the owner's own address has its own bucket"
    server.later(minutes=1)
    assert From(server, "192.0.2.200").sign_in(ME["password"]) == 200


def test_an_account_that_does_not_exist_slows_down_alike(server):
    server.user()
    guesser = From(server, STRANGER)
    assert [guesser.sign_in("a guess", "nobody@example.org") for _ in range(12)] == [401] * 10 + [429] * 2
    assert [guesser.sign_in("a guess") for _ in range(12)] == [401] * 10 + [429] * 2


def test_another_spelling_of_the_address_is_no_other_account(server):
    server.user()
    spellings = ["asha@example.org", "ASHA@example.org", " asha@example.org", "\uff41sha@example.org"] * 3
    guesser = From(server, STRANGER)
    assert [guesser.sign_in("a guess", email) for email in spellings] == [401] * 10 + [429] * 2


def test_who_mistypes_and_then_signs_in_begins_anew(server):
    server.user()
    owner = From(server, OWNER)
    for _ in range(4):
        assert [owner.sign_in("mistyped") for _ in range(9)] == [401] * 9
        assert owner.sign_in(ME["password"]) == 200


def test_one_address_tries_so_many_accounts_and_registers_so_many(server_with):
    server = server_with(sign_ins_per_minute=5, registrations_per_hour=3)
    someone = From(server, STRANGER)
    assert [someone.sign_in("spray", f"user{number}@example.org") for number in range(6)] == [401] * 5 + [429]
    new = [{"email": f"new{number}@example.org", "password": "long-enough-1"} for number in range(4)]
    assert [someone.ask("POST", "/api/auth/register", body).status for body in new] == [201] * 3 + [429]
    server.later(minutes=20)
    assert someone.ask("POST", "/api/auth/register", new[3]).status == 201
