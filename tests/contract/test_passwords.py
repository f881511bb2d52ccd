"""What every hashing of passwords keeps to, and that ours is argon2id and costs something."""

import statistics
import time

import pytest

from chalicelib.adapters.passwords import Argon2Passwords, _common
from chalicelib.domain.accounts import MIN_PASSWORD
from tests.support.fakes.passwords import CountedPasswords

PASSWORDS = Argon2Passwords()


@pytest.fixture(params=[Argon2Passwords, CountedPasswords], ids=["argon2", "counted"])
def passwords(request):
    return request.param()


def test_a_hash_says_how_it_was_made():
    kept = PASSWORDS.hash("secret-1")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != PASSWORDS.hash("secret-1")
    assert "secret-1" not in kept
    assert not PASSWORDS.is_outdated(kept)


@pytest.mark.parametrize("password", ["secret-1", "p" * 1024, "p" * 73, "भूप्रहरी 🌍", "a\x00b", ""])
def test_only_the_very_same_password_is_right(passwords, password):
    kept = passwords.hash(password)
    assert passwords.verify(password, kept)
    assert not passwords.is_outdated(kept)
    for other in (password + "x", password[:-1] + "y", password.upper() + "!", "\x00", password[:72] + "..."):
        assert not passwords.verify(other, kept), other


@pytest.mark.parametrize(
    "password", ["password1", "Password1", "12345678", "qwertyuiop", "ILOVEYOU", "trustno1", "admin123"]
)
def test_what_everybody_tries_first_is_common(password):
    assert PASSWORDS.is_common(password)


@pytest.mark.parametrize(
    "password", ["secret-land", "choose-your-own", "भूप्रहरी 🌍", "", "watch-the-land", "\ud800 alone"]
)
def test_what_nobody_tries_is_not(password):
    assert not PASSWORDS.is_common(password)


def test_ten_thousand_passwords_are_known_and_none_is_too_short_to_matter():
    assert len(_common()) > 10_000
    assert min(map(len, _common())) >= MIN_PASSWORD
    assert all(word == word.casefold().strip() for word in _common())


@pytest.mark.parametrize("kept", [None, "", "plain", "$argon2id$", "$2b$12$" + "x" * 53])
def test_nothing_is_right_where_there_is_no_hash(passwords, kept):
    assert not passwords.verify("nobody's", kept)
    assert not passwords.verify("", kept)


def test_a_hash_of_other_parameters_still_opens_and_is_outdated():
    from argon2 import PasswordHasher

    older = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret-1")
    assert PASSWORDS.verify("secret-1", older)
    assert PASSWORDS.is_outdated(older)


def test_a_user_who_does_not_exist_takes_as_long_as_a_wrong_password():
    kept = PASSWORDS.hash("secret-1")

    def took(password_hash):
        started = time.process_time()
        PASSWORDS.verify("wrong", password_hash)
        return time.process_time() - started

    rounds = [(took(kept), took(None)) for _ in range(15)]
    wrong, nobody = (statistics.median(column) for column in zip(*rounds, strict=True))
    assert 0.5 < nobody / wrong < 2
