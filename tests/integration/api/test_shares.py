"""What one account is refused costs the others nothing, also behind the same address; and long answers cost more."""

import json
import threading

from chalicelib.adapters.passwords import Argon2Passwords
from infra.runtime.gateway import Asked, Gateway, Refusals, refusal
from infra.server.__main__ import _into_environment, _parse
from tests.support.full_database import fill

OFFICE = "203.0.113.9"


class Caller:
    """Somebody who asks from an address."""

    def __init__(self, server, token="", address=OFFICE):
        self.gateway, self.address, self.token = Gateway(server.app), address, token

    def ask(self, method, path, body=None):
        sent = {"content-type": "application/json"}
        sent |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = None if body is None else json.dumps(body).encode()
        return self.gateway.answer(method, path, sent, content, source_ip=self.address)

    def statuses(self, count, method, path, *bodies):
        return [self.ask(method, path, body).status for body in (bodies or [None]) * count]


def test_what_a_user_is_refused_is_not_taken_from_others_behind_the_same_address(server_with):
    server = server_with(user_units_per_minute=10, address_units_per_minute=100)
    greedy, badri = server.user(), server.user("badri@example.org")
    server.later(minutes=2)
    bodies = [{"token": f"phone-{number}", "platform": "android"} for number in range(100)]
    told = Caller(server, greedy.token).statuses(1, "POST", "/api/devices", *bodies)
    assert told.count(429) == 90, "each of them another one, so that the app itself refuses it"
    assert Caller(server, badri.token).statuses(10, "GET", "/api/auth/me") == [200] * 10


def test_refused_sign_ins_are_not_taken_from_others_behind_the_same_address(server_with):
    server = server_with(sign_ins_per_minute=3, address_units_per_minute=100)
    badri = server.user("badri@example.org")
    guess = {"email": "asha@example.org", "password": "not-the-password"}
    assert Caller(server).statuses(30, "POST", "/api/auth/login", guess) == [401] * 3 + [429] * 27
    assert Caller(server, badri.token).statuses(40, "GET", "/api/auth/me") == [200] * 40


def test_an_address_that_tries_tokens_is_refused(server_with):
    server = server_with(address_units_per_minute=10)
    asked = [Caller(server, f"no-token-{number}").ask("GET", "/api/auth/me").status for number in range(12)]
    assert asked == [401] * 10 + [429] * 2


def test_a_list_costs_what_is_read_of_it(server_with):
    server = server_with(user_units_per_minute=60)
    asha = server.user()
    area_id = asha.area()["id"]
    fill(server.engine, user_id=1, area_id=area_id, runs=200, every=1)
    server.later(minutes=2)
    path = f"/api/monitor/image-tiles/area/{area_id}"
    caller = Caller(server, asha.token)
    assert len(json.loads(caller.ask("GET", path).content)) == 200
    left = caller.statuses(60, "GET", "/api/auth/me").count(200)
    assert left == 60 - 5 - 10 - 10, "50 rows, 100, and the rest: nobody knew that it is only 50"
    server.later(minutes=2)
    caller = Caller(server, asha.token)
    assert caller.ask("GET", f"{path}?limit=50").status == 200
    assert caller.statuses(60, "GET", "/api/auth/me").count(200) == 55


def test_a_list_that_is_longer_than_what_is_left_is_no_shorter_list(server_with):
    server = server_with(user_units_per_minute=30)
    asha = server.user()
    area_id = asha.area()["id"]
    fill(server.engine, user_id=1, area_id=area_id, runs=1000, every=1)
    server.later(minutes=2)
    caller = Caller(server, asha.token)
    assert caller.ask("GET", f"/api/monitor/image-tiles/area/{area_id}").status == 429
    assert caller.ask("GET", "/api/alerts/sessions/1/details").status == 429


def asked(**other):
    return Asked(
        **{"method": "POST", "target": "/", "authorization": "t", "origin": "", "source_ip": "", "body": b"{}"} | other
    )


def test_a_refusal_is_told_again_for_a_second_to_who_asks_the_same():
    now = [5.0]
    refusals, answer = Refusals(lambda: now[0]), refusal(429, "too many requests")
    refusals.keep(asked(), answer)
    assert refusals.of(asked()) is answer
    others = [{"authorization": "u"}, {"body": b"[]"}, {"target": "/?a=1"}, {"source_ip": "192.0.2.1"}, {"origin": "x"}]
    assert [refusals.of(asked(**other)) for other in others] == [None] * len(others)
    now[0] += Refusals.KEPT_S
    assert refusals.of(asked()) is None


def test_nothing_else_is_told_again():
    refusals = Refusals(lambda: 5.0)
    refusals.keep(asked(), refusal(503, "away"))
    refusals.keep(asked(authorization=""), refusal(429, "too many tries to sign in"))
    large = asked(body=b"x" * (Refusals.LARGEST_BODY + 1))
    refusals.keep(large, refusal(429, "too many requests"))
    assert (refusals.of(asked()), refusals.of(asked(authorization="")), refusals.of(large)) == (None, None, None)
    for number in range(Refusals.MOST + 1):
        refusals.keep(asked(target=f"/{number}"), refusal(429, "too many requests"))
    assert refusals.of(asked(target="/0")) is None, "it is bounded"
    assert refusals.of(asked(target="/1")).status == 429


def test_a_refused_request_does_not_reach_the_app_again(server_with):
    server = server_with(user_units_per_minute=3)
    asha = server.user()
    caller = Caller(server, asha.token)
    assert caller.statuses(4, "GET", "/api/auth/me") == [200] * 3 + [429]
    caller.gateway._app = None
    again = caller.ask("GET", "/api/auth/me")
    assert (again.status, dict(again.headers)["Content-Type"]) == (429, "application/problem+json")


def test_one_password_is_hashed_at_a_time(monkeypatch):
    passwords, at_once, most, lock = Argon2Passwords(), [0], [0], threading.Lock()
    hashed = passwords.hash("a password")
    begun = threading.Barrier(4)

    def counted(*_args):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.02)
        with lock:
            at_once[0] -= 1
        return True

    monkeypatch.setattr(passwords._hasher.__class__, "verify", counted)
    monkeypatch.setattr(passwords._hasher.__class__, "hash", counted)

    def sign_in(number):
        begun.wait(10)
        return passwords.hash("x") if number % 2 else passwords.verify("x", hashed)

    signing_in = [threading.Thread(target=sign_in, args=[number]) for number in range(4)]
    for thread in signing_in:
        thread.start()
    for thread in signing_in:
        thread.join(10)
    assert most == [1]


def test_the_only_thread_of_a_sign_ins_share_is_given_back(server_with):
    server = server_with(requests_at_once=1)
    server.user()
    right = {"email": "asha@example.org", "password": "secret-1"}
    assert Caller(server).statuses(3, "POST", "/api/auth/login", right) == [200] * 3


def test_sign_ins_of_one_address_have_a_quarter_of_the_threads(server_with):
    server = server_with(requests_at_once=4)
    server.user()
    right = {"email": "asha@example.org", "password": "secret-1"}
    with server.ports.in_flight.held(f"sign-ins from {OFFICE}", most=1):
        assert Caller(server).ask("POST", "/api/auth/login", right).status == 429
        assert Caller(server, address="192.0.2.1").ask("POST", "/api/auth/login", right).status == 200


def test_a_server_shares_out_the_threads_that_it_has(monkeypatch):
    environment = {}
    monkeypatch.setattr("infra.server.__main__.os.environ", environment)
    _into_environment(_parse(["api", "--threads", "24"]))
    assert environment["BHUPRAHARI_REQUESTS_AT_ONCE"] == "24"
