"""Image links cannot be made without their key, and a weak key is refused.

Forged links are tried on the routes: tests/integration/api.
"""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.adapters.links import SignedLinks
from chalicelib.domain.errors import NotAllowed

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KEY = "1/100-17-5-5-image-0123456789abcdef0123456789abcdef.png"


def parts(link):
    key, query = link.split("?")
    return key, dict(part.split("=") for part in query.split("&"))


def test_a_link_opens_its_object_until_it_ends():
    links = SignedLinks("l" * 32, expires_s=3600)
    key, query = parts(links.sign(KEY, now=NOW))
    assert key == KEY
    links.check(KEY, **query, now=NOW)
    links.check(KEY, **query, now=NOW + timedelta(hours=2, seconds=-1))
    with pytest.raises(NotAllowed, match="expired"):
        links.check(KEY, **query, now=NOW + timedelta(hours=2))
    with pytest.raises(NotAllowed, match="not valid"):
        links.check(KEY.replace("1/100", "2/100"), **query, now=NOW)
    with pytest.raises(NotAllowed, match="not valid"):
        SignedLinks("m" * 32, expires_s=3600).check(KEY, **query, now=NOW)


def test_a_link_lasts_at_least_as_long_as_it_should_whenever_it_is_made():
    links = SignedLinks("l" * 32, expires_s=3600)
    for minutes in range(0, 120, 7):
        now = NOW + timedelta(minutes=minutes)
        _, query = parts(links.sign(KEY, now=now))
        assert 3600 < int(query["expires"]) - now.timestamp() <= 7200


def test_a_weak_link_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        SignedLinks("short", expires_s=3600)
