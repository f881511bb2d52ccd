"""The one rule for keys, so that what one image store takes the others take too."""

from __future__ import annotations

import re

from chalicelib.domain.errors import Invalid

KEY = re.compile(r"(?=.{1,512}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""Segments of [A-Za-z0-9._-] that do not begin with a dot: no `..`, no hidden file, nothing a URL must escape."""


def is_storable(key: str) -> bool:
    """Whether every image store takes this key."""
    return KEY.fullmatch(key) is not None


def checked_key(key: str) -> str:
    """Return the key if any image store takes it. Raises Invalid."""
    if not is_storable(key):
        raise Invalid(f"an image key must be made of letters, digits and . _ - between slashes, not {key!r}")
    return key
