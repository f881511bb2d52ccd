"""An archive's files in S3, below one prefix."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.imagery.item_store import StoredFile, Unreadable
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES

_ONE_OBJECT = frozenset({"404", "NoSuchKey", "403", "AccessDenied", "InvalidObjectState", "InvalidRange"})


class S3ItemStore:
    """Objects directly below `prefix` are the items; one listing answers all look-ups until the next."""

    def __init__(self, client: Any, *, bucket: str, prefix: str) -> None:  # noqa: ANN401 (boto3 has no types)
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._listed: dict[str, StoredFile] = {}

    def items(self) -> list[StoredFile]:
        """List what is directly below the prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
        )
        try:
            objects = [found for page in pages for found in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise ProviderUnavailable(f"the archive's bucket cannot be listed: {_said(error)}") from error
        files = [_file(found["Key"].removeprefix(self._prefix), found) for found in objects]
        self._listed = {file.name: file for file in files}
        return sorted(file for file in files if file.name.endswith(".json") and not file.name.startswith("."))

    def find(self, name: str) -> StoredFile | None:
        """Look up one object; one deeper than the listing goes costs a request."""
        if name in self._listed or "/" not in name:
            return self._listed.get(name)
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ONE_OBJECT:
                return None
            raise ProviderUnavailable(f"the archive's bucket cannot be read: {_said(error)}") from error
        except BotoCoreError as error:
            raise ProviderUnavailable(f"the archive's bucket cannot be read: {_said(error)}") from error
        return _file(name, found | {"Size": found["ContentLength"]})

    def read(self, file: StoredFile) -> bytes:
        """Read an object."""
        return self._get(file)

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read an object's first and last bytes."""
        if file.size <= HEAD_BYTES:  # S3 refuses a range of nothing, and one request is cheaper than two
            whole = self._get(file)
            return whole, whole[-TAIL_BYTES:]
        return self._get(file, Range=f"bytes=0-{HEAD_BYTES - 1}"), self._get(file, Range=f"bytes=-{TAIL_BYTES}")

    def _get(self, file: StoredFile, **options: str) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + file.name, **options)
            content: bytes = answer["Body"].read()
        except ClientError as error:
            kind = Unreadable if error.response["Error"]["Code"] in _ONE_OBJECT else ProviderUnavailable
            raise kind(f"the archive's {file.name} cannot be read: {_said(error)}") from error
        except BotoCoreError as error:
            raise ProviderUnavailable(f"the archive's {file.name} cannot be read: {_said(error)}") from error
        return content


def _file(name: str, found: dict[str, Any]) -> StoredFile:
    return StoredFile(name, str(found["ETag"]), int(found["Size"]))


def _said(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
