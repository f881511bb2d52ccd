"""Images in an S3 that is not AWS's, under a host name that knows no bucket's name in front of it."""

import pytest
import requests

from chalicelib import wiring
from tests.aws_stand_in import aws


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    """Give a bucket of the stand-in, reached by a name and not, as in the other tests, by an address."""
    name = aws().make_bucket()
    endpoint = aws().endpoint_url.replace("127.0.0.1", "localhost")
    settings = {"HOME": tmp_path, "IMAGES_STORE": "s3", "BUCKET": name, "AWS_ENDPOINT_URL": endpoint}
    for setting, value in settings.items():
        monkeypatch.setenv(f"BHUPRAHARI_{setting}", str(value))
    for credential in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(credential, "stand-in")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    wiring.reset()
    yield f"{endpoint}/{name}"
    monkeypatch.undo()
    wiring.reset()


def test_images_go_there_and_their_links_lead_there(bucket):
    images = wiring.images()
    images.check()
    images.put("1/a.png", b"picture")
    assert images.get("1/a.png") == b"picture"
    link = images.link("1/a.png", expires_s=60)
    assert link.startswith(f"{bucket}/1/a.png?")
    assert requests.get(link, timeout=10).content == b"picture"


def test_awss_own_keeps_the_bucket_in_the_host_name(bucket, monkeypatch):
    monkeypatch.delenv("BHUPRAHARI_AWS_ENDPOINT_URL")
    wiring.reset()
    name = bucket.rpartition("/")[2]
    assert wiring.images().link("1/a.png", expires_s=60).startswith(f"https://{name}.s3.")
