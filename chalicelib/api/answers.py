"""Answers to views: one value, or a list of at most MOST_BYTES, whatever is stored; the rest is behind a link."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlencode

from chalice.app import Response
from pydantic import BaseModel

from chalicelib.api import cursors
from chalicelib.api.problems import Headers
from chalicelib.domain.paging import Page, PageRequest

MOST_BYTES = 1_000_000  # of a body; Lambda answers 6 MB at most, and the console on a phone wants far less
LARGEST_PAGE = 100
READ_AT_ONCE = 50  # rows of a list, of which nobody knows yet how large they are
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Further = Callable[[int], None]  # may so many rows be read on? Raises LimitReached


class Cut(list[M]):
    """The items of a list that fitted in an answer, and how its reader goes on: after `next_after`, if not None."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []  # the items as JSON
        self.total: int | None = None
        self.next_after: int | None = None
        self.is_full = False  # the next one did not fit


def fitting(
    read: Callable[[PageRequest], Page[M]], request: PageRequest, *, further: Further, most_bytes: int = MOST_BYTES
) -> Cut[M]:
    """Return as many items of a list as were asked for and fit in so many bytes, at least one.

    They are read a few at a time: what does not fit is never all in memory. `further` is asked before each part but the
    first.
    """
    cut: Cut[M] = Cut()
    size, left, following = len("[]"), request.limit, request
    while True:
        at_once = min(left, _at_once(size, len(cut), most_bytes))
        if following is not request:
            further(at_once)
        part = read(following._replace(limit=at_once))
        cut.total = part.total if following is request else cut.total
        for item, key in zip(part.items, part.keys, strict=True):
            text = text_of(item)
            size += len(text.encode()) + 1
            if cut and size > most_bytes:
                cut.is_full = True
                return cut
            cut.append(item)
            cut.texts.append(text)
            cut.next_after = key
        cut.next_after, left = part.next_after, left - at_once
        if part.next_after is None or left <= 0:
            return cut
        following = PageRequest(left, part.next_after, count_to=0)


def _at_once(size: int, items: int, most_bytes: int) -> int:
    if not items:
        return READ_AT_ONCE
    return max(1, min(LARGEST_PAGE, int((most_bytes - size) / (size / items)) + 1))


def headers_of(part: Cut[Any], *, asked: dict[str, str], path: str = "") -> Headers:
    """Return how a list goes on, how long it is, and whether it was cut because it did not fit."""
    headers: Headers = {}
    if part.total is not None:
        headers["X-Total-Count"] = str(part.total)
    if part.is_full:
        headers["X-Truncated"] = "true"
    if part.next_after is not None:
        # The query alone, or a path from here: it is right under any host, stage or prefix.
        limit = max(1, min(LARGEST_PAGE, len(part)))
        query = urlencode({"cursor": cursors.write(part.next_after), "limit": limit} | asked)
        headers["Link"] = f'<{path}?{query}>; rel="next"'
    return headers


def answer_of(model: BaseModel | None, *, status: int = 200, headers: Headers | None = None) -> Response:
    """Answer with a model as JSON, or with nothing."""
    return json_answer("" if model is None else text_of(model), status=status, headers=headers)


def json_answer(text: str, *, status: int = 200, headers: Headers | None = None) -> Response:
    """Answer with JSON that is written already."""
    of_json: Headers = {"Content-Type": "application/json"}
    return Response(body=text, status_code=status, headers=of_json | (headers or {}))


def text_of(model: BaseModel) -> str:
    """Write a model as JSON."""
    return model.model_dump_json(by_alias=True)


def fitting_items(items: Iterable[T], *, most_bytes: int) -> Iterator[T]:
    """Yield the first items, as JSON, that fit in so many bytes."""
    size = 0
    for item in items:
        size += len(json.dumps(item, ensure_ascii=False, default=str).encode()) + 1
        if size > most_bytes:
            return
        yield item
