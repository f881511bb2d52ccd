"""Versions of what people change, as the headers ETag and If-Match have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalicelib.domain.errors import Invalid

if TYPE_CHECKING:
    from chalice.app import Request

_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"')  # a proxy that compresses answers makes it weak


def etag_of(version: int) -> str:
    """Write a version as the header ETag has it."""
    return f'"{version}"'


def version_in(request: Request) -> int | None:
    """Return the version that a change is of, as `If-Match` says it; None where it is of any. Raises Invalid."""
    said = request.headers.get("if-match")
    if said is None or said.strip() == "*":
        return None
    found = _ETAG.fullmatch(said.strip())
    if found is None:
        raise Invalid('If-Match is the ETag of an answer, as in If-Match: "3"', pointer="If-Match")
    return int(found[1])
