"""Images in an S3 that is not AWS's, under a host name that knows no bucket's name in front of it."""

import pytest
import requests

from chalicelib.composition import Ports
from chalicelib.settings import Settings
from tests.support.standins.aws import aws


@pytest.fixture
def store(monkeypatch, tmp_path):
    """Give a way to make the images of a bucket of the stand-in, which is reached as the settings say."""
    for credential in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(credential, "stand-in")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = aws().make_bucket()

    def images(**settings):
        return Ports(Settings.of(home=str(tmp_path), images_store="s3", bucket=name, **settings)).images

    return name, images


def test_images_go_there_and_their_links_lead_there(store):
    name, make = store
    endpoint = aws().endpoint_url.replace("127.0.0.1", "localhost")  # a name, not an address as in the other tests
    images = make(aws_endpoint_url=endpoint)
    images.check()
    images.put("1/a.png", b"picture")
    assert images.get("1/a.png") == b"picture"
    link = images.link("1/a.png", expires_s=60)
    assert link.startswith(f"{endpoint}/{name}/1/a.png?")
    assert requests.get(link, timeout=10).content == b"picture"


def test_awss_own_keeps_the_bucket_in_the_host_name(store):
    name, make = store
    assert make().link("1/a.png", expires_s=60).startswith(f"https://{name}.s3.")
