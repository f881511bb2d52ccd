"""Signing in, staying in, and every way of getting in that must not work."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest

from chalicelib.adapters.tokens import JwtTokens
from chalicelib.composition.basis import new_id
from tests.support.api_gateway import refused
from tests.support.api_server import SMALL_AREA

KEY = "k" * 32


def encoded(part):
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(header, claims, *, key=KEY, digest=hashlib.sha256):
    head = f"{encoded(header)}.{encoded(claims)}"
    return f"{head}.{encoded(hmac.new(key.encode(), head.encode(), digest).digest())}"


def forgeries(token, now):
    """Give access tokens that are wrong in one way each."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    at = int(now.timestamp())

    def with_header(**members):
        return signed(header | members, claims)

    def with_claims(**members):
        return signed(header, {name: value for name, value in (claims | members).items() if value is not ...})

    return {
        "empty": "",
        "words": "let me in",
        "dots": "..",
        "one part": head,
        "two parts": f"{head}.{body}",
        "four parts": f"{token}.x",
        "no signature": f"{head}.{body}.",
        "half a signature": f"{head}.{body}.{signature[:20]}",
        "another signature": f"{head}.{body}.{encoded(b'x' * 32)}",
        "another key": signed(header, claims, key="x" * 32),
        "an empty key": signed(header, claims, key=""),
        "alg none": f"{encoded(header | {'alg': 'none'})}.{body}.",
        "alg None": f"{encoded(header | {'alg': 'None'})}.{body}.{signature}",
        "alg HS512": signed(header | {"alg": "HS512"}, claims, digest=hashlib.sha512),
        "alg RS256": with_header(alg="RS256"),
        "no alg": signed({name: value for name, value in header.items() if name != "alg"}, claims),
        "alg is a list": with_header(alg=["HS256"]),
        "no kid": signed({name: value for name, value in header.items() if name != "kid"}, claims),
        "unknown kid": with_header(kid="other"),
        "kid is a path": with_header(kid="../../dev/null"),
        "kid is SQL": with_header(kid="' OR 1=1 --"),
        "kid is a number": with_header(kid=1),
        "typ JWT": with_header(typ="JWT"),
        "no typ": signed({name: value for name, value in header.items() if name != "typ"}, claims),
        "jku": with_header(jku="https://evil.example/keys"),
        "x5u": with_header(x5u="https://evil.example/cert"),
        "jwk": with_header(jwk={"kty": "oct", "k": encoded(b"x" * 32)}),
        "crit": with_header(crit=["exp"]),
        "b64 false": with_header(b64=False),
        "expired": with_claims(exp=at),
        "from the future": with_claims(iat=at + 120),
        "no exp": with_claims(exp=...),
        "no iat": with_claims(iat=...),
        "no sub": with_claims(sub=...),
        "no iss": with_claims(iss=...),
        "no aud": with_claims(aud=...),
        "no jti": with_claims(jti=...),
        "exp is text": with_claims(exp=str(at + 60)),
        "exp is true": with_claims(exp=True),
        "exp is a float": with_claims(exp=at + 60.5),
        "exp is huge": with_claims(exp=1e300),
        "exp is of no year": with_claims(exp=10**30),
        "exp is null": with_claims(exp=None),
        "iat is text": with_claims(iat="now"),
        "another issuer": with_claims(iss="somebody"),
        "another audience": with_claims(aud="another"),
        "sub is a number": with_claims(sub=1),
        "sub is a name": with_claims(sub="asha@example.org"),
        "sub is zero": with_claims(sub="0"),
        "sub is negative": with_claims(sub="-1"),
        "sub is padded": with_claims(sub="01"),
        "sub in another script": with_claims(sub="\u0661"),
        "sub is huge": with_claims(sub="9" * 40),
        "sub is just too large": with_claims(sub=str(2**63)),
        "sub has nineteen nines": with_claims(sub="9" * 19),
        "sub is a list": with_claims(sub=["1"]),
        "sub is an object": with_claims(sub={"id": 1}),
        "sub is true": with_claims(sub=True),
        "sub is null": with_claims(sub=None),
        "sub ends with a line": with_claims(sub="1\n"),
        "sub is half a character": with_claims(sub="\ud800"),
        "iat is null": with_claims(iat=None),
        "iat is a list": with_claims(iat=[at]),
        "iat is negative": with_claims(iat=-1),
        "iat is after exp": with_claims(iat=at + 50, exp=at + 40),
        "iat is huge": with_claims(iat=10**400),
        "exp is no number": signed(header, json.dumps(claims | {"exp": float("nan")}).encode()),
        "exp is infinite": signed(header, json.dumps(claims | {"exp": float("inf")}).encode()),
        "exp is minus 10^400": with_claims(exp=-(10**400)),
        "exp is an object": with_claims(exp={}),
        "nbf is later": with_claims(nbf=at + 120),
        "nbf is text": with_claims(nbf="now"),
        "nbf is null": with_claims(nbf=None),
        "nbf is negative": with_claims(nbf=-1),
        "nbf is huge": with_claims(nbf=10**400),
        "jti is a number": with_claims(jti=7),
        "jti is null": with_claims(jti=None),
        "iss is a list": with_claims(iss=["bhuprahari"]),
        "iss is an object": with_claims(iss={"a": 1}),
        "aud is a number": with_claims(aud=7),
        "aud is an object": with_claims(aud={"bhuprahari-api": 1}),
        "aud has a number": with_claims(aud=[1, 2]),
        "aud is others' too": with_claims(aud=["bhuprahari-api", "another"]),
        "padded": f"{token}=",
        "padded inside": f"{head}=.{body}.{signature}",
        "kid is a list": with_header(kid=["test"]),
        "kid is null": with_header(kid=None),
        "typ is a list": with_header(typ=["at+jwt"]),
        "alg is a number": with_header(alg=256),
        "alg is null": with_header(alg=None),
        "alg is an object": with_header(alg={}),
        "claims are deep": signed(header, b'{"sub":' + b"[" * 1500 + b"]" * 1500 + b"}"),
        "sub is nobody's": with_claims(sub="999999"),
        "claims are a list": signed(header, [claims]),
        "claims are a number": signed(header, 7),
        "claims are not JSON": signed(header, b"{"),
        "claims are not UTF-8": signed(header, b"\xff\xfe"),
        "header is a list": signed([header], claims),
        "header is not JSON": f"{encoded(b'{')}.{body}.{signature}",
        "header is deep": f"{encoded(b'[' * 2000)}.{body}.{signature}",
        "1 MB": "x" * 1_000_000,
        "another alphabet": "t\u00f6ken",
    }


def test_no_forged_token_gets_in(server, asha):
    assert asha.get("/api/auth/me").status == 200
    forged = forgeries(asha.token, server.now)
    assert len(forged) >= 60
    for what, token in forged.items():
        answer = server.call("GET", "/api/auth/me", headers={"authorization": f"Bearer {token}"})
        assert refused(answer), (what, answer)


def test_the_forger_could_sign_if_he_had_the_key(server, asha):
    """The forgeries fail for what is wrong with them: with nothing wrong, the same construction gets in."""
    header = jwt.get_unverified_header(asha.token)
    claims = jwt.decode(asha.token, options={"verify_signature": False})
    assert server.call("GET", "/api/auth/me", token=signed(header, claims)).status == 200


@pytest.mark.parametrize("scheme", ["{}", "Basic {}", "Bearer", "Bearer ", "Token {}", "Bearer {} {}", "Bearer,{}"])
def test_only_a_bearer_token_counts(server, asha, scheme):
    assert refused(server.call("GET", "/api/auth/me", headers={"authorization": scheme.replace("{}", asha.token)}))


def test_an_access_token_lasts_as_long_as_it_says(server, asha):
    server.later(days=server.ports.settings.accounts.access_token_days, seconds=-1)
    assert asha.get("/api/auth/me").json["email"] == "asha@example.org"
    server.later(seconds=1)
    assert refused(asha.get("/api/auth/me"))


def test_signing_out_ends_this_sign_in_and_no_other(server, asha):
    phone = server.call("POST", "/api/auth/login", {"email": "asha@example.org", "password": "secret-1"}).json
    assert asha.post("/api/auth/logout").json == {"message": "signed out"}
    assert refused(asha.get("/api/auth/me"))
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token}))
    assert server.call("GET", "/api/auth/me", token=phone["access_token"]).status == 200


def test_a_refresh_token_works_once_and_its_reuse_ends_the_sign_in(server, asha):
    first = server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token})
    assert first.status == 200
    assert first.json["user"]["email"] == "asha@example.org"
    assert first.json["refresh_token"] != asha.refresh_token
    assert server.call("GET", "/api/auth/me", token=first.json["access_token"]).status == 200

    server.later(seconds=10, microseconds=1)
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token}))
    assert refused(server.call("GET", "/api/auth/me", token=first.json["access_token"]))
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": first.json["refresh_token"]}))


def test_a_refresh_whose_answer_was_lost_may_be_asked_again_within_the_grace(server, asha):
    lost = server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token}).json
    server.later(seconds=10)
    again = server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token})
    assert again.status == 200
    assert again.json["refresh_token"] == lost["refresh_token"], "one successor: a thief's would be noticed"
    assert server.call("GET", "/api/auth/me", token=again.json["access_token"]).status == 200
    server.later(hours=1)
    following = server.call("POST", "/api/auth/refresh", {"refresh_token": again.json["refresh_token"]})
    assert following.status == 200
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token})), "a thief's"
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": following.json["refresh_token"]}))


def test_the_grace_brings_no_ended_sign_in_back(server, asha):
    server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token})
    asha.post("/api/auth/logout")
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token}))


def test_a_refresh_token_ends(server, asha):
    server.later(days=server.ports.settings.accounts.refresh_token_days)
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.refresh_token}))


def test_neither_token_stands_in_for_the_other(server, asha):
    assert refused(server.call("GET", "/api/auth/me", token=asha.refresh_token))
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": asha.token}))


@pytest.mark.usefixtures("asha")
def test_a_stranger_and_a_wrong_password_get_the_same_answer_at_the_same_price(server):
    bodies = []
    for email in ("asha@example.org", "nobody@example.org", "not an address"):
        before = server.passwords.checks
        answer = server.call("POST", "/api/auth/login", {"email": email, "password": "wrong"})
        assert refused(answer)
        assert server.passwords.checks == before + 1
        bodies.append({name: value for name, value in answer.json.items() if name != "instance"})
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize("email", ["asha@example.org", " Asha@EXAMPLE.org ", "\uff41sha@example.org"])
@pytest.mark.usefixtures("asha")
def test_an_address_may_be_typed_as_people_type_it(server, email):
    assert server.call("POST", "/api/auth/login", {"email": email, "password": "secret-1"}).status == 200


def test_a_password_is_the_same_however_a_keyboard_composes_it(server):
    server.user(password="caf\u00e9-au-lait")
    body = {"email": "asha@example.org", "password": "cafe\u0301-au-lait"}
    assert server.call("POST", "/api/auth/login", body).status == 200


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(server, asha):
    user_id = asha.get("/api/auth/me").json["id"]
    accounts = server.ports.accounts
    accounts.set_password_hash(user_id, "old hash of secret-1")
    assert server.call("POST", "/api/auth/login", {"email": "asha@example.org", "password": "secret-1"}).status == 200
    assert accounts.find_user("asha@example.org")[1] == "hash of secret-1"


def test_registration_can_be_closed(server_with):
    server = server_with(registration="closed")
    answer = server.call("POST", "/api/auth/register", {"email": "a@example.org", "password": "secret-1"})
    assert (answer.status, answer.is_problem) == (403, True)
    assert "registration is closed" in answer.json["message"]


def test_tokens_of_the_former_key_are_good_until_it_is_dropped(server):
    old, new = ("test", KEY), ("next", "n" * 32)
    now = server.now
    former = JwtTokens(dict([old]), new_id=new_id).issue(1, now=now, expires_at=now + timedelta(days=1))
    both = JwtTokens(dict([new, old]), new_id=new_id)
    assert both.sign_in_id(former, now=now) == 1
    assert jwt.get_unverified_header(both.issue(1, now=now, expires_at=now))["kid"] == "next"
    with pytest.raises(Exception, match="not valid"):
        JwtTokens(dict([new]), new_id=new_id).sign_in_id(former, now=now)


@pytest.mark.parametrize("method_and_path", ["GET /api/auth/me", "POST /api/area-configs"])
def test_a_token_of_a_user_is_not_logged(server, asha, caplog, method_and_path):
    with caplog.at_level("DEBUG"):
        asha.call(*method_and_path.split(), SMALL_AREA)
        server.call("GET", "/api/pushes?cursor=secret-cursor", token=asha.token)
    record = caplog.records[-1]
    assert (record.message, record.route, record.status) == ("request answered", "/api/pushes", 400)
    told = " ".join(str(vars(entry)) for entry in caplog.records)
    for secret in (asha.token, asha.token.split(".")[2], "asha@example.org", "secret-cursor", "secret-1"):
        assert secret not in told
