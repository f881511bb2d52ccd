"""What every AWS adapter needs: a client, and a short, safe name for what went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

T = TypeVar("T")

AWS_ERRORS = (ClientError, BotoCoreError)
"""What boto3 raises: the service refused, or did not answer."""


def client(service: str, *, endpoint_url: str = "") -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Make the client of one of AWS's services, or of what stands in for them at `endpoint_url`."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url or None,
        config=Config(
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=5,
            read_timeout=20,
            # Links signed for the bucket's own region and host: the global host redirects, which breaks the signature.
            signature_version="s3v4" if service == "s3" else None,
            # Another S3 than AWS's has seldom a host name for every bucket: there the bucket begins the path.
            s3={"addressing_style": "path" if endpoint_url else "virtual"},
        ),
    )


def code(error: ClientError | BotoCoreError | Boto3Error) -> str:
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
