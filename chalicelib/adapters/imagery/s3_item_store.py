"""An archive's files in S3, below one prefix."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.imagery.item_store import HIDDEN, Changed, Files, LeftOut, OnlyHere, StoredFile, Unreadable
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES

_ONE_OBJECT = frozenset({"404", "NoSuchKey", "403", "AccessDenied", "InvalidObjectState", "InvalidRange"})
_CHANGED = frozenset({"412", "PreconditionFailed"})


class S3ItemStore(OnlyHere):
    """Objects below `prefix`."""

    def __init__(self, client: Any, *, bucket: str, prefix: str) -> None:  # noqa: ANN401 (boto3 has no types)
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""

    def list_files(self) -> Files:
        """List what lies below the prefix: one request for a thousand objects."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        try:
            objects = [found for page in pages for found in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise ProviderUnavailable(f"the archive's bucket cannot be listed: {_said(error)}") from error
        files: list[StoredFile] = []
        written: dict[str, datetime] = {}
        hidden: dict[str, LeftOut] = {}
        for found in objects:
            name = found["Key"].removeprefix(self._prefix)
            parts = name.split("/")
            first = next((place for place, part in enumerate(parts) if part.startswith(".")), None)
            if first is not None:
                below = "/".join(parts[: first + 1])
                hidden[below] = LeftOut(below, HIDDEN)
            elif not name.endswith("/") and name:  # the console makes such objects for folders
                files.append(StoredFile(name, str(found["ETag"]), int(found["Size"])))
                written[name] = found["LastModified"]
        return Files(sorted(files), sorted(hidden.values()), written)

    def name_of(self, address: str) -> str | None:
        """Return the name of an object by its s3: URL."""
        for text in (address, unquote(address)):
            begin = f"s3://{self._bucket}/{self._prefix}"
            if text.startswith(begin):
                return text.removeprefix(begin)
        return None

    def at(self, name: str) -> StoredFile:
        """Return an object as it is now, without a listing. Raises Unreadable."""
        try:
            said = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
        except (ClientError, BotoCoreError) as error:
            raise Unreadable(f"the archive's {name} cannot be read: {_said(error)}") from error
        return StoredFile(name, str(said["ETag"]), int(said["ContentLength"]))

    def read(self, file: StoredFile) -> bytes:
        """Read an object."""
        return self._get(file)

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read an object's first and last bytes."""
        if file.size <= HEAD_BYTES:  # S3 refuses a range of nothing, and one request is cheaper than two
            whole = self._get(file)
            return whole, whole[-TAIL_BYTES:]
        return self._get(file, Range=f"bytes=0-{HEAD_BYTES - 1}"), self._get(file, Range=f"bytes=-{TAIL_BYTES}")

    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        """Read some of an object's bytes: one request."""
        return self._get(file, Range=f"bytes={at}-{at + length - 1}") if length else b""

    def _get(self, file: StoredFile, **options: str) -> bytes:
        try:
            key = self._prefix + file.name
            answer = self._client.get_object(Bucket=self._bucket, Key=key, IfMatch=file.version, **options)
            content: bytes = answer["Body"].read()
        except ClientError as error:
            raise _kind_of(error)(f"the archive's {file.name} cannot be read: {_said(error)}") from error
        except BotoCoreError as error:
            raise ProviderUnavailable(f"the archive's {file.name} cannot be read: {_said(error)}") from error
        return content


def _kind_of(error: ClientError) -> type[ProviderUnavailable]:
    code = str(error.response["Error"]["Code"])
    if code in _CHANGED:
        return Changed
    return Unreadable if code in _ONE_OBJECT else ProviderUnavailable


def _said(error: ClientError | BotoCoreError) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
