"""Cursors: the opaque texts that stand for a place in a list."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from chalicelib.domain.errors import Invalid

_LARGEST_ID = 2**63 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_WORD = "beyond"  # as in the cursors that clients hold


def write(after: int) -> str:
    """Return the cursor of the items after the one with that id."""
    return urlsafe_b64encode(f"{_WORD}:{after}".encode()).decode().rstrip("=")


def read(text: str) -> int:
    """Return the id that a cursor stands for. Raises Invalid."""
    try:
        word, _, number = (
            urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii").partition(":")
        )
    except ValueError:
        word, number = "", ""
    if word != _WORD or not _NUMBER.fullmatch(number) or write(int(number)) != text:
        raise Invalid("this cursor is none of ours: take it from the Link header", pointer="cursor")
    return min(int(number), _LARGEST_ID)
