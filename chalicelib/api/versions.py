"""Versions of what people change, as the headers ETag and If-Match have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chalicelib.domain.area_changes import changed_meanwhile
from chalicelib.domain.errors import Invalid

if TYPE_CHECKING:
    from chalice.app import Request

    from chalicelib.domain.areas import Area

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')  # RFC 9110, 8.8.3
_BETWEEN = re.compile(r"[ \t]*(?:,[ \t]*)+")


def etag_of(version: int) -> str:
    """Write a version as the header ETag has it."""
    return f'"{version}"'


def version_in(request: Request, area: Area) -> int | None:
    """Return the version of an area that a change is of, by `If-Match`; None where it is of any.

    A weak tag counts as the strong one of its version: nginx makes each weak whose answer it compresses, and a version
    says what an area is, not how its bytes are written. Raises Invalid for what are no tags, and ChangedMeanwhile where
    none of them is the area's.
    """
    said = request.headers.get("if-match")
    if said is None or said.strip() == "*":
        return None
    tags = _tags(said.strip(" \t"))
    if str(area.version) not in tags:
        raise changed_meanwhile(area, " or ".join(tags))
    return area.version


def _tags(said: str) -> list[str]:
    """Return the tags of a list, without their quotes. Raises Invalid."""
    tags, at = [], 0
    while found := _TAG.match(said, at):
        tags.append(found[1])
        between = _BETWEEN.match(said, found.end())
        at = between.end() if between else found.end()
        if between is None:
            break
    if not tags or at != len(said):
        raise Invalid('If-Match is the ETag of an answer, as in If-Match: "3", or several', pointer="If-Match")
    return tags
