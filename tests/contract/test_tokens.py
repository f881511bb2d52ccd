"""Access tokens cannot be made without their keys, and weak keys are refused.

Forged tokens are tried on the routes: tests/integration/api.
"""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.tokens import JwtTokens
from chalicelib.composition.basis import new_id

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
