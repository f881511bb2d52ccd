"""What map services answer: a picture, nothing, or trouble; and whether a picture shows anything."""

from __future__ import annotations

import html
import re

from chalicelib.adapters.imagery.map_services import Service
from chalicelib.adapters.imagery.picture_server import Answer
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.errors import BadImage, ProviderRefused, ProviderUnavailable
from chalicelib.domain.image_header import read_header

NOT_THERE = frozenset({204, 404, 410})
_NOT_LET = frozenset({401, 403})
_OTHER_KINDS = ("text/", "html", "xml", "json")
_FLAT = 2  # levels: a picture whose pixels differ by no more has one colour, also after JPEG
_SAID_BYTES = 4000
# OGC 06-042, table E.1: what a request asked for is not there, or not in that way; it will not be another time either.
_FOR_GOOD = frozenset(
    {
        *("LayerNotDefined", "StyleNotDefined", "InvalidFormat", "InvalidCRS", "InvalidSRS", "OperationNotSupported"),
        *("MissingDimensionValue", "InvalidDimensionValue", "InvalidParameterValue", "MissingParameterValue"),
    }
)
_EXCEPTION = re.compile(r"<(?:\w+:)?ServiceException(?![A-Za-z])([^<>]*)>(.*?)</", re.DOTALL)
_CODE = re.compile(r"""\bcode\s*=\s*["']([\w.:-]{1,60})["']""")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")


def check_answer(answer: Answer, service: Service, called: str) -> None:
    """Raise for an answer that is neither a picture nor says that there is none."""
    if answer.status in NOT_THERE:
        return
    if answer.status in _NOT_LET:  # throttled ones are told so too
        raise ProviderUnavailable(f"{called} does not let us read it just now ({answer.status})")
    _check_exception(answer, service, called)
    said = _said(answer, service)
    if answer.status != 200:
        raise ProviderRefused(f"{called} refuses the request ({answer.status}){said}")
    if any(kind in answer.kind for kind in _OTHER_KINDS):
        raise BadImage(f"{called} answers {answer.kind[:40]} instead of a picture{said}")


def part_of(content: bytes, size_px: int, called: str) -> Part | None:
    """Return what a picture shows; None if that is nothing: it is transparent, or has one colour all over.

    Raises BadImage for what is no picture of `size_px` a side.
    """
    import numpy as np

    from chalicelib.intake.decode import decode

    try:
        header = read_header(content)
        pixels = decode(content, header) if (header.width, header.height) == (size_px, size_px) else None
    except BadImage as bad:
        raise BadImage(f"{called} sends {bad.reason}") from None
    if pixels is None:
        asked = f"{size_px} x {size_px} were asked for"
        raise BadImage(f"{called} sends a picture of {header.width} x {header.height} px, {asked}")
    shown = pixels.bgr[pixels.valid]
    if not shown.size or int(np.ptp(shown, axis=0).max()) <= _FLAT:
        return None
    return Part(pixels.bgr, pixels.valid)


def _check_exception(answer: Answer, service: Service, called: str) -> None:
    """Raise what a WMS tells in XML, mostly with the status of a success."""
    if "xml" not in answer.kind:
        return
    found = _EXCEPTION.search(answer.content[:_SAID_BYTES].decode(errors="replace"))
    if found is None:
        return
    code = _CODE.search(found[1])
    words = service.without_secrets(html.unescape(_CDATA.sub("", found[2])))
    says = f"{called} says{f' {code[1]}' if code else ''}: {words or 'nothing more'}"
    if code and code[1] in _FOR_GOOD:
        raise ProviderRefused(says)
    raise ProviderUnavailable(says)


def _said(answer: Answer, service: Service) -> str:
    """Return the plain text of an answer that is no picture: the reason is often only there."""
    if answer.kind != "text/plain":
        return ""
    said = service.without_secrets(answer.content[:_SAID_BYTES].decode(errors="replace"))
    return f": {said}" if said else ""
