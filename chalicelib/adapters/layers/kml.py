"""What a KML may not say: entities, which grow without end or name other files, and links to what is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from xml.parsers import expat

from chalicelib.domain.errors import Invalid

_REMOTE = re.compile(rb"<\s*(?:\w+:)?networklink[\s>/]", re.IGNORECASE)

_LINK = re.compile(rb"<(?:\w+:)?NetworkLink\b(.*?)</(?:\w+:)?NetworkLink\s*>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(rb"<(?:\w+:)?href\s*>([^<]{1,500})<", re.IGNORECASE)


class _Known(Exception):
    """What was asked of a text is known, and no more of it is read."""


def check_kml(text: bytes) -> None:
    """Raise Invalid for XML that says such things, whoever would read it then."""
    if _has_document_type(text):
        raise Invalid("this KML declares entities or a document type: neither is read. Export it again without")
    if _REMOTE.search(text):
        raise Invalid("this KML has network links to other files: nothing is fetched. Export what they show into it")


def linked_in(name: str, found: Mapping[str, bytes]) -> list[str]:
    """Return the members of a KMZ that one of them shows by links alone; nothing where a link leads out of it."""
    within = PurePosixPath(name).parent
    hrefs = [
        href.decode("utf-8", "replace").strip() for link in _LINK.findall(found[name]) for href in _HREF.findall(link)
    ]
    members = [str(within / href) for href in dict.fromkeys(hrefs)]
    is_links_alone = b"<Placemark" not in found[name]
    return members if is_links_alone and all(member in found for member in members) else []


def _has_document_type(text: bytes) -> bool:
    """Whether XML has a document type, where alone entities are declared: before its first element, and nowhere else.

    What stands in a balloon's HTML is text.
    """
    found = []

    def declares(name: str, *_where: object) -> None:
        found.append(name)
        raise _Known

    def begins(*_element: object) -> None:
        raise _Known

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = declares, begins
    with suppress(_Known, expat.ExpatError):  # what is no XML is told by who reads it
        parser.Parse(text, True)
    return bool(found)
