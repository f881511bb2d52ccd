"""How long whoever asks waits for the database: a request gets an answer in time, work that nobody watches ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ANSWER_S = 2.5  # of one statement, or of a wait for the one writer, while a person waits: the whole is within 5 s

_is_awaited: ContextVar[bool] = ContextVar("is_awaited", default=False)


@contextmanager
def awaited() -> Iterator[None]:
    """Say that somebody waits for what is done in here."""
    token = _is_awaited.set(True)
    try:
        yield
    finally:
        _is_awaited.reset(token)


def is_awaited() -> bool:
    """Whether somebody waits for what is being done."""
    return _is_awaited.get()
