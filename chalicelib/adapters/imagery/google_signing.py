"""Sign URLs as Google asks for it, and keep their secrets out of what people read.

Source: Google, "Maps Static API: Digital Signature".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import parse_qs, quote, urlsplit

from chalicelib.domain.errors import ProviderRefused

_SECRET_PARAMETERS = re.compile(r"(?i)\b(key|signature|client)=[^\s&\"'<>]+")
MAX_LETTERS = 160


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
    """Return a text of Google's as one short line, with the URL's key and signature removed where it quotes them."""
    query = parse_qs(urlsplit(url).query)
    for secret in (*query.get("key", ()), *query.get("signature", ())):
        text = text.replace(secret, "...").replace(quote(secret, safe=""), "...")
    return " ".join(_SECRET_PARAMETERS.sub(r"\1=...", text).split())[:MAX_LETTERS]
