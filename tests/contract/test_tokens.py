"""Access tokens cannot be made without their keys, and weak keys are refused.

Forged tokens are tried on the routes: tests/integration/api.
"""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.tokens import JwtTokens
from chalicelib.composition.basis import new_id
from chalicelib.domain.errors import NotSignedIn

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"k"', "7", "null", "{}", '{"a": 1}', '{"a": ""}', '{"a": "short"}', '{"a": "' + "k" * 31 + '"}'],
)
def test_a_secret_without_a_strong_key_is_refused(text):
    with pytest.raises(ValueError, match=r"key|secret"):
        JwtTokens.from_secret(text, new_id=new_id)


def test_a_token_is_short_and_names_its_sign_in():
    tokens = JwtTokens.from_secret('{"2026-11": "' + "k" * 32 + '"}', new_id=new_id)
    token = tokens.issue(7, now=NOW, expires_at=NOW + timedelta(days=30))
    assert tokens.sign_in_id(token, now=NOW) == 7
    assert len(token) < 400
    assert tokens.issue(7, now=NOW, expires_at=NOW + timedelta(days=30)) != token


def test_a_token_that_held_before_ends_all_the_same_and_another_of_its_sign_in_is_checked_anew():
    tokens = JwtTokens.from_secret('{"2026-11": "' + "k" * 32 + '"}', new_id=new_id)
    token = tokens.issue(7, now=NOW, expires_at=NOW + timedelta(days=1))
    assert [tokens.sign_in_id(token, now=NOW) for _ in range(2)] == [7, 7]
    with pytest.raises(NotSignedIn, match="expired"):
        tokens.sign_in_id(token, now=NOW + timedelta(days=1))
    head, claims, signature = token.split(".")
    forged = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BB")
    with pytest.raises(NotSignedIn, match="not valid"):
        tokens.sign_in_id(f"{head}.{claims}.{forged}", now=NOW)
