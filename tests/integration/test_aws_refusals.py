"""What AWS refuses in ways that its stand-in does not show."""

import io

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from chalicelib.adapters.images.s3 import S3Images
from chalicelib.adapters.secrets.secretsmanager import SecretsManagerSecrets
from chalicelib.domain.errors import Unavailable
from tests.support.standins.aws import aws_client

KEY = "7/1.png"


def stubbed(name):
    client = aws_client(name, "http://127.0.0.1:9")
    return client, Stubber(client)


def test_a_bucket_that_may_not_be_listed_hides_whether_an_image_is_there():
    """Without s3:ListBucket, S3 answers 403 instead of 404 for a key that is not there."""
    client, s3 = stubbed("s3")
    s3.add_client_error("get_object", "AccessDenied", http_status_code=403)
    with s3, pytest.raises(Unavailable, match=r"^the image bucket does not answer as it should: AccessDenied$"):
        S3Images(client, bucket="b").get(KEY)


def test_an_image_that_breaks_off_is_no_image():
    client, s3 = stubbed("s3")
    s3.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"half"), content_length=8)})
    with s3, pytest.raises(Unavailable, match="IncompleteReadError"):
        S3Images(client, bucket="b").get(KEY)


def test_two_at_once_writing_one_key_try_again():
    """S3 does not say yet whether the other one succeeds."""
    client, s3 = stubbed("s3")
    s3.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
    with s3, pytest.raises(Unavailable, match="ConditionalRequestConflict"):
        S3Images(client, bucket="b").put(KEY, b"x")


def test_a_link_that_cannot_be_signed_is_unavailable():
    client, _ = stubbed("s3")

    def refuse(**_):
        raise NoCredentialsError

    client.meta.events.register("before-sign.s3", refuse)
    with pytest.raises(Unavailable, match=r"^the image bucket does not answer as it should: NoCredentialsError$"):
        S3Images(client, bucket="b").link(KEY, expires_s=60)


def test_objects_that_s3_keeps_are_not_taken_for_deleted():
    client, s3 = stubbed("s3")
    s3.add_response("delete_objects", {"Errors": [{"Key": KEY, "Code": "AccessDenied"}]})
    with s3, pytest.raises(Unavailable, match=r"^the image bucket kept 1 of 1 objects: AccessDenied$"):
        S3Images(client, bucket="b").delete([KEY])


def test_a_secret_that_may_not_be_read_is_unavailable_not_missing():
    client, manager = stubbed("secretsmanager")
    manager.add_client_error("get_secret_value", "AccessDeniedException", http_status_code=400)
    with manager, pytest.raises(Unavailable, match=r"^the secret link-key cannot be read: AccessDeniedException$"):
        SecretsManagerSecrets(client, clock_monotonic=lambda: 0.0).get("link-key")
