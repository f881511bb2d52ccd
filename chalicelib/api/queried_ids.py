"""The numbers of areas that a query says."""

from __future__ import annotations

from chalice.app import Request

from chalicelib.api.answers import LARGEST_PAGE
from chalicelib.api.http import LARGEST_ID, queried
from chalicelib.domain.errors import Invalid


def queried_id(request: Request, name: str) -> int | None:
    """Return the number of an area that a query parameter says; None for none. Raises Invalid."""
    text = queried(request, name)
    if text is None:
        return None
    if not _is_id(text):
        raise Invalid(f"{name} is the number of an area", pointer=name)
    return int(text)


def queried_ids(request: Request, name: str) -> tuple[int, ...]:
    """Return the numbers of areas that a query parameter says. Raises Invalid."""
    text = queried(request, name)
    said = [] if text is None else text.split(",")
    if len(said) > LARGEST_PAGE or not all(map(_is_id, said)):
        raise Invalid(f"{name} are the numbers of at most {LARGEST_PAGE} areas, with commas between", pointer=name)
    return tuple(map(int, said))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID)) and 1 <= int(text) <= LARGEST_ID
