"""Image bytes by key: in a folder at home, in S3 on AWS.

Both keep to one rule for keys, so that what one store takes the other takes too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.aws import AWS_ERRORS, by, code
from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from chalicelib.domain.ports import StoredObject

KEY = re.compile(r"(?=.{1,512}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""Segments of [A-Za-z0-9._-] that do not begin with a dot: no `..`, no hidden file, nothing a URL must escape."""


def _can_be_stored(key: str) -> bool:
    return KEY.fullmatch(key) is not None


def _storable(key: str) -> str:
    if not _can_be_stored(key):
        raise Invalid(f"an image key must be made of letters, digits and . _ - between slashes, not {key!r}")
    return key


class FolderImages:
    """Images as files under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, key: str) -> bytes:
        """Give the bytes. Raises NotFound, Unavailable."""
        if not _can_be_stored(key):
            raise NotFound("there is no such image")
        try:
            return (self._root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            if not self._root.is_dir():  # a disk that is not mounted must not look like an image that never was
                raise Unavailable("the image folder is not there") from error
            raise NotFound("there is no such image") from error
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error

    def put(self, key: str, content: bytes) -> None:
        """Keep the bytes: all of them or nothing. Raises Invalid, Unavailable."""
        path = self._root / _storable(key)
        if path.is_file():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Hidden, so no listing shows it; beside its place, because a rename is atomic only within a file system.
            with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
                try:
                    part.write(content)
                    part.close()
                    Path(part.name).replace(path)
                except BaseException:
                    Path(part.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files; one that is not there is no error. Raises Unavailable."""
        for key in filter(_can_be_stored, keys):
            try:
                (self._root / key).unlink()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List files whose key comes after `key`, in the order of the keys' bytes, as S3 does. Raises Unavailable."""
        try:
            return list(islice(self._walk(self._root, "", after=key, prefix=prefix), limit))
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error

    def _walk(self, folder: Path, above: str, *, after: str, prefix: str) -> Iterator[StoredObject]:
        try:
            # A folder sorts as its name with the slash that its keys have: `a-b`, `a.png`, `a/x`, `a0`.
            entries = sorted((above + entry.name + "/" * entry.is_dir(), entry) for entry in os.scandir(folder))
        except FileNotFoundError:
            return
        for name, entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if (name >= after or after.startswith(name)) and (name.startswith(prefix) or prefix.startswith(name)):
                    yield from self._walk(folder / entry.name, name, after=after, prefix=prefix)
            elif name > after and name.startswith(prefix):
                try:
                    modified = entry.stat().st_mtime
                except FileNotFoundError:
                    continue  # deleted since the folder was read
                yield StoredObject(name, datetime.fromtimestamp(modified, UTC))

    def link(self, key: str, *, expires_s: int) -> str | None:  # noqa: ARG002 (the port's)
        """Give None: files have no URL of their own, the app serves them."""
        return None

    def check(self) -> None:
        """Raise Unavailable if the folder cannot be written."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable("the image folder cannot be written: Permission denied")


class S3Images:
    """Images as objects in one bucket."""

    def __init__(self, client: Any, *, bucket: str) -> None:  # noqa: ANN401 (boto3 makes its clients at run time)
        self._s3 = client
        self._bucket = bucket

    def get(self, key: str) -> bytes:
        """Give the bytes. Raises NotFound, Unavailable."""
        if not _can_be_stored(key):
            raise NotFound("there is no such image")
        try:
            content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if code(error) == "NoSuchKey":
                raise NotFound("there is no such image") from error
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep the bytes: all of them or nothing. Raises Invalid, Unavailable."""
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=_storable(key), Body=content, ContentType="image/png", IfNoneMatch="*"
            )
        except ClientError as error:
            if code(error) == "PreconditionFailed":
                return  # it is there already, and a key is written once
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, a thousand to a request; one that is not there is no error. Raises Unavailable."""
        for part in by(1000, filter(_can_be_stored, keys)):
            objects = {"Objects": [{"Key": key} for key in part], "Quiet": True}
            try:
                refused = self._s3.delete_objects(Bucket=self._bucket, Delete=objects).get("Errors", [])
            except AWS_ERRORS as error:
                raise _unavailable(error) from error
            if refused:
                raise Unavailable(
                    f"the image bucket kept {len(refused)} of {len(part)} objects: {refused[0].get('Code')}"
                )

    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        """List objects whose key comes after `key`, in the order of the keys' bytes. Raises Unavailable."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=key, PaginationConfig={"MaxItems": limit}
        )
        try:
            return [
                StoredObject(item["Key"], item["LastModified"]) for page in pages for item in page.get("Contents", [])
            ]
        except AWS_ERRORS as error:
            raise _unavailable(error) from error

    def link(self, key: str, *, expires_s: int) -> str | None:
        """Give a presigned GET; whoever holds it may read this one object until it expires. Raises Unavailable."""
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": "image/png",
            "ResponseCacheControl": f"private, max-age={expires_s}",
        }
        try:
            link: str = self._s3.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_s)
        except AWS_ERRORS as error:  # signing needs credentials, though it asks nobody
            raise _unavailable(error) from error
        return link

    def check(self) -> None:
        """Raise Unavailable if the bucket cannot be reached."""
        try:
            self._s3.head_bucket(Bucket=self._bucket)
        except AWS_ERRORS as error:
            raise _unavailable(error) from error


def _unavailable(error: ClientError | BotoCoreError) -> Unavailable:
    return Unavailable(f"the image bucket does not answer as it should: {code(error)}")
