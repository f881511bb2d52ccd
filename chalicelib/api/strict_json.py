"""Strict JSON: one object, finite numbers, each name once, bounded depth, no NUL and no half of a surrogate pair."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from chalicelib.domain.errors import Invalid, NotSupported, TooLarge

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
GZIP = b"\x1f\x8b"  # how what is compressed with it begins


def read_object(raw: bytes, *, coding: str = "") -> dict[str, Any]:
    """Parse a request's body; `coding` is its Content-Encoding. Raises NotSupported, TooLarge, Invalid."""
    if coding.strip().lower() not in ("", "identity"):
        raise NotSupported(f"the body is compressed ({coding.strip()[:40]}): send it as it is")
    if raw.startswith(GZIP):
        raise NotSupported("the body is compressed (gzip) and does not say so: send it as it is")
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"a request's body has at most {MAX_BYTES // 1024} KiB")
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise Invalid("the body is not UTF-8 text") from None
    except RecursionError:
        raise Invalid(f"the body is nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:  # a number of 5 000 digits is one too
        raise Invalid(f"the body is not JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise Invalid("the body must be a JSON object")
    _check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise Invalid("the body has a name twice in one object")
    return names


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Invalid("the body has a number that is too large")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise Invalid(f"the body has {text}, which is not JSON")


def _check(root: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
                raise Invalid("the body has a text with a NUL or half a character in it")
        elif isinstance(value, dict | list):
            if depth > MAX_DEPTH:
                raise Invalid(f"the body is nested more than {MAX_DEPTH} deep")
            if isinstance(value, dict):
                waiting += ((name, depth) for name in value)
                value = list(value.values())
            waiting += ((item, depth + 1) for item in value)
