"""What every AWS adapter needs: a short, safe name for what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

T = TypeVar("T")

AWS_ERRORS = (ClientError, BotoCoreError)
"""What boto3 raises: the service refused, or did not answer."""


def code(error: ClientError | BotoCoreError) -> str:
    """Name an error: the service's own code (`NoSuchKey`), else the SDK's class (`EndpointConnectionError`)."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "no code"))
    return type(error).__name__


def by(size: int, items: Iterable[T]) -> Iterator[list[T]]:
    """Cut into lists of at most that size.

    >>> list(by(2, "abc"))
    [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
