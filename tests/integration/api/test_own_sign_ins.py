"""A user sees where he is signed in, ends what he does not know, and changes his password."""

import pytest

from tests.support.api_gateway import refused

ME = {"email": "asha@example.org", "password": "secret-1"}
CHANGE = {"oldPassword": "secret-1", "newPassword": "another-secret"}


def sign_in(server, password="secret-1", agent="Dart/3.4 (dart:io)"):
    return server.call("POST", "/api/auth/login", ME | {"password": password}, headers={"user-agent": agent})


def test_the_sign_ins_of_a_user_are_his_own_with_from_where_and_with_what(server, asha, badri):
    sign_in(server, agent="Phone\u202e \x1b[31m\n  of Asha" + "x" * 500)
    listed = asha.get("/api/auth/sign-ins").json
    assert [each["isCurrent"] for each in listed] == [False, True]
    assert {each["address"] for each in listed} == {"127.0.0.1"}
    assert listed[0]["client"].startswith("Phone [31m of Asha")
    assert len(listed[0]["client"]) == 100
    assert badri.get("/api/auth/sign-ins").json[0]["id"] not in {each["id"] for each in listed}


def test_a_sign_in_is_ended_by_its_owner_alone(server, asha, badri):
    phone = sign_in(server).json
    there = asha.get("/api/auth/sign-ins").json[0]["id"]
    assert badri.call("DELETE", f"/api/auth/sign-ins/{there}").status == 404
    assert server.call("GET", "/api/auth/me", token=phone["access_token"]).status == 200
    assert asha.call("DELETE", f"/api/auth/sign-ins/{there}").status == 204
    assert refused(server.call("GET", "/api/auth/me", token=phone["access_token"]))
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": phone["refresh_token"]}))
    assert asha.call("DELETE", f"/api/auth/sign-ins/{there}").status == 404
    assert [each["isCurrent"] for each in asha.get("/api/auth/sign-ins").json] == [True]
    server.later(days=90)
    assert sign_in(server).status == 200
    assert len(server.ports.accounts.sign_ins(1, now=server.now)) == 1, "one that has expired is none"


def test_a_changed_password_ends_every_sign_in_but_the_new_one(server, asha):
    phone = sign_in(server).json
    answer = asha.post("/api/auth/password", CHANGE)
    assert answer.status == 200
    for token in (asha.token, phone["access_token"]):
        assert refused(server.call("GET", "/api/auth/me", token=token))
    assert refused(server.call("POST", "/api/auth/refresh", {"refresh_token": phone["refresh_token"]}))
    assert server.call("GET", "/api/auth/me", token=answer.json["access_token"]).status == 200
    assert server.call("POST", "/api/auth/refresh", {"refresh_token": answer.json["refresh_token"]}).status == 200
    assert sign_in(server).status == 401
    assert sign_in(server, "another-secret").status == 200


def test_the_old_password_is_needed_and_cannot_be_guessed_with_a_stolen_token(server, asha):
    guesses = [asha.post("/api/auth/password", CHANGE | {"oldPassword": f"guess {number}"}) for number in range(12)]
    assert [each.status for each in guesses] == [403] * 10 + [429] * 2
    assert "the old password is wrong" in guesses[0].json["message"]
    assert asha.get("/api/auth/me").status == 200, "nobody is signed out by it"


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("seven-7", "at least 8 characters"),
        ("PASSWORD1", "most common"),
        ("\uff30assword\uff11", "most common"),  # in wide letters
        ("pass\u200bword\u3164" + "1", "most common"),  # with what nobody sees
        (" " * 12, "more than blanks"),
        ("\u200b\u3164\u2060" * 4, "more than blanks"),
        ("ASHA@example.org", "not the e-mail address"),
        ("asha\u200b@example.org", "not the e-mail address"),
        ("secret-1", "is the old one"),
        ("p" * 1025, "at most 1024 bytes"),
    ],
)
def test_a_new_password_keeps_to_the_rules(server, asha, new, says):
    answer = asha.post("/api/auth/password", CHANGE | {"newPassword": new})
    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"] == "/newPassword"
    assert says in answer.json["message"]
    assert asha.get("/api/auth/me").status == 200


def test_a_password_from_before_the_rules_goes_on_working(server):
    server.ports.accounts.add_user(
        email="old@example.org", password_hash="hash of 123456", profile=None, now=server.now
    )
    assert server.call("POST", "/api/auth/login", {"email": "old@example.org", "password": "123456"}).status == 200
