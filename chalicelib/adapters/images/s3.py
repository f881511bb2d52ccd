"""Image bytes in an S3 bucket."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import override

from chalicelib.adapters.aws import AWS_ERRORS, by, code
from chalicelib.adapters.images.keys import checked_key, is_storable
from chalicelib.application.ports.images import Images, StoredObject
from chalicelib.domain.errors import NotFound, Unavailable


class S3Images(Images):
    """Images as objects in one bucket."""

    def __init__(self, client: Any, *, bucket: str) -> None:  # noqa: ANN401 (boto3 makes its clients at run time)
        self._s3 = client
        self._bucket = bucket

    @override
    def get(self, key: str) -> bytes:
        if not is_storable(key):
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

    @override
    def has(self, key: str) -> bool:
        if not is_storable(key):
            return False
        try:
            self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if code(error) in ("404", "NoSuchKey"):
                return False
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return True

    @override
    def put(self, key: str, content: bytes) -> None:
        self._put(key, content, "image/png")

    @override
    def put_file(self, key: str, content: BinaryIO, *, media_type: str) -> None:
        self._put(key, content, media_type)  # one request takes 5 GB, and is all of it or nothing

    def _put(self, key: str, content: bytes | BinaryIO, media_type: str) -> None:
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=checked_key(key), Body=content, ContentType=media_type, IfNoneMatch="*"
            )
        except ClientError as error:
            if code(error) == "PreconditionFailed":
                return  # it is there already, and a key is written once
            raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error

    @override
    def delete(self, keys: Iterable[str]) -> None:
        for part in by(1000, filter(is_storable, keys)):
            objects = {"Objects": [{"Key": key} for key in part], "Quiet": True}
            try:
                refused = self._s3.delete_objects(Bucket=self._bucket, Delete=objects).get("Errors", [])
            except AWS_ERRORS as error:
                raise _unavailable(error) from error
            if refused:
                raise Unavailable(
                    f"the image bucket kept {len(refused)} of {len(part)} objects: {refused[0].get('Code')}"
                )

    @override
    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=key, PaginationConfig={"MaxItems": limit}
        )
        try:
            return [
                StoredObject(item["Key"], item["LastModified"]) for page in pages for item in page.get("Contents", [])
            ]
        except AWS_ERRORS as error:
            raise _unavailable(error) from error

    @override
    def link(self, key: str, *, expires_s: int, media_type: str = "image/png", file_name: str = "") -> str | None:
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseCacheControl": f"private, max-age={expires_s}",
        }
        if file_name:
            params["ResponseContentDisposition"] = f'attachment; filename="{file_name}"'
        try:
            link: str = self._s3.generate_presigned_url("get_object", Params=params, ExpiresIn=expires_s)
        except AWS_ERRORS as error:  # signing needs credentials, though it asks nobody
            raise _unavailable(error) from error
        return link

    @override
    def path_of(self, key: str) -> Path | None:
        return None

    @override
    def upload_link(self, key: str, *, size_bytes: int, media_type: str, expires_s: int) -> str | None:
        # Both headers are signed: S3 takes no other size, and no other type.
        params = {
            "Bucket": self._bucket,
            "Key": checked_key(key),
            "ContentLength": size_bytes,
            "ContentType": media_type,
        }
        try:
            link: str = self._s3.generate_presigned_url("put_object", Params=params, ExpiresIn=expires_s)
        except AWS_ERRORS as error:
            raise _unavailable(error) from error
        return link

    @override
    def check(self) -> None:
        try:
            self._s3.head_bucket(Bucket=self._bucket)
        except AWS_ERRORS as error:
            raise _unavailable(error) from error


def _unavailable(error: ClientError | BotoCoreError) -> Unavailable:
    return Unavailable(f"the image bucket does not answer as it should: {code(error)}")
