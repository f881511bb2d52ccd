"""How this process talks to AWS."""

from __future__ import annotations

from typing import Any

from chalicelib.settings import settings


def client(service: str) -> Any:  # noqa: ANN401 (boto3 makes its clients at run time)
    """Make the client of one of AWS's services."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=settings().aws_endpoint_url or None,
        config=Config(
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=5,
            read_timeout=20,
            # Links signed for the bucket's own region and host: the global host redirects, which breaks the signature.
            signature_version="s3v4" if service == "s3" else None,
            # Another S3 than AWS's has seldom a host name for every bucket: there the bucket begins the path.
            s3={"addressing_style": "path" if settings().aws_endpoint_url else "virtual"},
        ),
    )
