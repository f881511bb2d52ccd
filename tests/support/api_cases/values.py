"""Values for an API's cases, out of its schemas: right ones, and ones that are wrong in some way. Seeded."""

import copy
import json

SENSIBLE = {  # where a schema's own bounds would make a request that nobody sends, or one that takes minutes
    "northKm": lambda r: round(r.uniform(0.02, 0.15), 4),
    "centerLat": lambda r: round(r.uniform(-60, 60), 5),
    "centerLon": lambda r: round(r.uniform(-179, 179), 5),
    "provider": lambda r: r.choice([None, "sample"]),
    "cadenceHours": lambda r: r.choice([None, r.randint(1, 24 * 7)]),
    "minChangedAreaM2": lambda r: r.choice([None, r.uniform(25, 5000)]),
    "sensitivity": lambda r: r.choice(["low", "normal", "high"]),
    "bufferM": lambda _r: None,  # of points and lines
    "exclude": lambda _r: None,
    "isPlaceConfirmed": lambda _r: True,
    "name": lambda r: f"Lake {r.randrange(10**6)}",
    "email": lambda r: f"{r.randrange(10**9)}@example.org",
}
SENSIBLE |= dict.fromkeys(("southKm", "eastKm", "westKm"), SENSIBLE["northKm"])

TEXTS = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff", "\u202e", "\u200b", "\x1b[31m", "\r\nX: y", "x" * 300, "x" * 70_000,
    "नदी", "😀" * 60, "é" * 600, "e\u0301", "\uff41", "' OR 1=1 --", '"><script>', "../../etc/passwd", "%00", "${7*7}",
    "{{7*7}}", "null", "NaN", "1e999", "true", "0", "-1", "2026-02-30", "1e5", "٣", "\ufeff", "\u2028", "a" * 255,
    "🏳️‍🌈", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
]  # fmt: skip
NUMBERS = [
    0,
    -0.0,
    1,
    -1,
    0.5,
    1e-300,
    1e308,
    -1e308,
    2**31,
    2**53 + 1,
    2**63 - 1,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
]
LETTERS = "abcdefghij 0123456789-éनδ"
ODD = [None, True, False, [], {}, [[]], {"": ""}, [None], {"a": {"b": [1, {"c": None}]}}]
IDS = [
    "0",
    "-1",
    "01",
    "1.0",
    "1e3",
    "abc",
    "null",
    "%31",
    "1%20",
    "9" * 19,
    "9" * 400,
    "9" * 5000,
    str(2**63 - 1),
    str(2**63),
]
IDS += [
    "999999",
    "%D9%A1",
    "1;x",
    "1%3bx",
    "'",
    "..",
    "%2e%2e",
    "%00",
    "%ff",
    "",
    " ",
    "1/2",
    "1%2f2",
    "[1]",
    "1,2",
    "٣",
]


def right(schema, r, name=""):  # noqa: PLR0911 (a case for each word of a schema)
    """Make a value that fits a schema."""
    if name in SENSIBLE:
        return SENSIBLE[name](r)
    if "const" in schema or "enum" in schema:
        return r.choice(schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema and "properties" not in schema:
        return right(r.choice(schema["anyOf"]), r)
    if schema.get("examples") and r.random() < 0.5:
        return copy.deepcopy(r.choice(schema["examples"]))
    kind = schema.get("type")
    if kind == "object":
        wanted, ways = set(schema.get("required", ())), [set(each["required"]) for each in schema.get("anyOf", ())]
        way = r.choice(ways) if ways else set()
        others = set().union(*ways) - way
        properties = [(key, each) for key, each in schema.get("properties", {}).items() if key not in others]
        return {key: right(each, r, key) for key, each in properties if key in wanted | way or r.random() < 0.4}
    if kind == "array":
        return [right(schema.get("items", {}), r) for _ in range(r.randint(schema.get("minItems", 0), 4))]
    return _scalar(kind, schema, r)


def _scalar(kind, schema, r):
    least, most = schema.get("minimum", -5), schema.get("maximum", 1000)
    shortest, longest = max(1, schema.get("minLength", 0)), min(schema.get("maxLength", 40), 60)
    making = {
        "integer": lambda: r.randint(least, most),
        "number": lambda: r.uniform(least, most),
        "boolean": lambda: r.random() < 0.5,
        "string": lambda: "".join(r.choice(LETTERS) for _ in range(r.randint(shortest, longest))),
        "null": lambda: None,
    }
    return making.get(kind, lambda: r.choice([None, 7, "x", [1], {"a": 1}]))()


def wrong(r):
    """Make some value that hardly fits anywhere."""
    return copy.deepcopy(r.choice([r.choice(TEXTS), r.choice(NUMBERS), r.choice(ODD)]))


def nearly(body, r):
    """Make a body that was right wrong in one to three ways; now and then it still fits."""
    body = copy.deepcopy(body)
    for _ in range(r.randint(1, 3)):
        names = sorted(body)
        what = r.random()
        if not names or what < 0.15:
            body[r.choice([*TEXTS[:20], "userId", "id", "createdAt", "__proto__"])] = wrong(r)
        elif what < 0.3:
            del body[r.choice(names)]
        elif what < 0.4:
            name = r.choice(names)
            body[r.choice([name.upper(), f"{name} ", name[:-1], f"{name}\x00"])] = body.pop(name)
        else:
            body[r.choice(names)] = wrong(r)
    return body


def written(value):
    """Write a value as JSON, in bytes."""
    return json.dumps(value).encode()
