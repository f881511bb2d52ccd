"""Signed URLs: how Google wants them signed, and how their secrets stay out of what people read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qs, quote, urlsplit

from chalicelib.domain.errors import ProviderRefused

_SECRET_PARAMETERS = re.compile(r"(?i)\b(key|signature|client)=[^\s&\"'<>]+")
MOST_LETTERS = 160


def signature(url: str, secret: str) -> str:
    """Sign a URL's path and query: HMAC-SHA1 with the base64url secret, in base64url. Raises ProviderRefused."""
    parts = urlsplit(url)
    try:
        key = base64.b64decode(secret.strip() + "=" * (-len(secret.strip()) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ProviderRefused("Google's URL signing secret is not base64url: copy it again from the console") from None
    return base64.urlsafe_b64encode(
        hmac.new(key, f"{parts.path}?{parts.query}".encode(), hashlib.sha1).digest()
    ).decode()


def without_secrets(text: str, url: str) -> str:
    """Give somebody else's text as one short line, without the URL's key and signature should it quote them."""
    query = parse_qs(urlsplit(url).query)
    for secret in (*query.get("key", ()), *query.get("signature", ())):
        text = text.replace(secret, "...").replace(quote(secret, safe=""), "...")
    return " ".join(_SECRET_PARAMETERS.sub(r"\1=...", text).split())[:MOST_LETTERS]
