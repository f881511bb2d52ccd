"""Requests of an API that were right, changed in their bytes: body, path, query, headers, token. Seeded."""

from urllib.parse import quote

from tests.support.api_cases.values import IDS, TEXTS

TOKENS = [
    b"NaN",
    b"Infinity",
    b"-1e999",
    b"1e400",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"{}",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
]
TOKENS += [
    b",",
    b":",
    b"\\",
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08",
    b"/*",
    b"9" * 400,
    b'"id":1,',
    b"\r\n",
]
METHODS = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "X",
    "GETT",
]
TYPES = [
    "",
    "text/plain",
    "application/json; charset=utf-16",
    "APPLICATION/JSON",
    "application/json;",
    "multipart/form-data",
]
TYPES += [
    "application/x-www-form-urlencoded",
    "application/xml",
    "*/*",
    "application/json, text/plain",
    "\u00e9",
    "a" * 5000,
]
CODINGS = ["gzip", "br", "identity", "deflate, gzip", "x" * 300, ""]
ACCEPTS = [
    "",
    "*/*",
    "text/html",
    "application/json;q=0",
    "image/png",
    "image/*",
    "q",
    ";;;",
    "text/html;q=0.1,*/*;q=0",
]
OTHERS = ["accept-encoding", "if-none-match", "range", "cookie", "x-forwarded-for", "forwarded", "origin", "user-agent"]
OTHERS += [
    "host",
    "x-http-method-override",
    "content-length",
    "transfer-encoding",
    "expect",
    "referer",
    "te",
    "x-request-id",
]


def _text(r):
    """Pick a text that a header's line can carry."""
    return r.choice(TEXTS).encode("utf-8", "replace").decode("latin-1").replace("\r", "").replace("\n", "")[:9000]


def changed_bytes(raw, r):
    """Change some bytes: flipped, cut out, doubled, put in, swapped, cut off."""
    made = bytearray(raw)
    for _ in range(r.randint(1, 4)):
        at = r.randrange(len(made) + 1)
        to = min(len(made), at + r.randint(1, 12))
        what = r.randrange(6)
        if what == 0 and at < len(made):
            made[at] ^= 1 << r.randrange(8)
        elif what == 1:
            del made[at:to]
        elif what == 2:
            made[at:at] = made[at:to] * r.choice([1, 2, 40])
        elif what == 3:
            made[at:at] = r.choice(TOKENS)
        elif what == 4:
            made[at:to] = bytes(reversed(made[at:to]))
        else:
            del made[at:]
    return bytes(made)


def changed_path(path, r):
    """Change a path: another id, coded, doubled, cut, or with bytes that no path has."""
    parts = path.split("/")
    at = r.randrange(1, len(parts)) if len(parts) > 1 else 0
    what = r.randrange(9)
    if what == 0:
        parts[at] = r.choice(IDS)
    elif what == 1:
        parts[at] = quote(r.choice(TEXTS).encode("utf-8", "replace"), safe="")
    elif what == 2:
        parts.insert(at, r.choice(["", ".", "..", "%2e%2e", "%2f", "x"]))
    elif what == 3:
        parts[at] += r.choice([";x", "%3b", "%20", "%00", ".json", "\\", "#x", "*", "%", "%zz", "+"])
    elif what == 4:
        parts[at] = "".join(f"%{byte:02x}" for byte in parts[at].encode())
    elif what == 5:
        parts[at] = parts[at].swapcase()
    elif what == 6:
        del parts[at]
    elif what == 7:
        parts.append("")
    else:
        return changed_bytes(path.encode(), r).decode("latin-1").replace("?", "") or "/"
    return "/".join(parts) or "/"


def changed_query(known, r):
    """Make a query of parameters that are known or not, right or not, once or twice."""
    pairs = []
    for _ in range(r.randint(1, 3)):
        name = r.choice([*known, "limit", "cursor", "total", "x", "", "limit[]", "Limit"])
        value = r.choice([*TEXTS[:36], *IDS, "true", "2026-03-01T12:00:00Z", "YmV5b25kOjE", "100", "101"])
        pairs.append(f"{name}={quote(str(value).encode('utf-8', 'replace'), safe='%')}")
    text = "&".join(pairs)
    return changed_bytes(text.encode(), r).decode("latin-1") if r.random() < 0.2 else text


def changed_token(token, r):
    """Change an access token, or how it is said."""
    what = r.randrange(6)
    if what == 0:
        return f"Bearer {changed_bytes(token.encode(), r).decode('latin-1')}"
    if what == 1:
        head, body, signature = token.split(".")
        parts = [f"{head}.{body}.", f"{body}.{head}.{signature}", f"{head}.{body}", f"{token}.x", body]
        return f"Bearer {r.choice(parts)}"
    if what == 2:
        return r.choice(
            ["", "Bearer", "Bearer ", f"Basic {token}", token, f"Bearer {token} {token}", f"Bearer,{token}"]
        )
    if what == 3:
        return f"Bearer {_text(r)}"
    if what == 4:
        return f"{r.choice(['bearer', 'BEARER', 'Bearer '])} {token}"  # a scheme's name has no case
    return f"Bearer {token}{r.choice(['=', '.', ' ', chr(0), 'A'])}"


def changed_headers(headers, r):
    """Change what a request says of itself."""
    made = dict(headers)
    for _ in range(r.randint(1, 3)):
        what = r.randrange(5)
        if what == 0:
            made["content-type"] = r.choice(TYPES)
        elif what == 1:
            made["content-encoding"] = r.choice(CODINGS)
        elif what == 2:
            made["accept"] = r.choice(ACCEPTS)
        elif what == 3:
            made[r.choice(OTHERS)] = _text(r)
        else:
            made.pop("content-type", None)
    return made
