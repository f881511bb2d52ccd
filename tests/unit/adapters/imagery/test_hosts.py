"""Which other machines an archive may read from: those that the operator named, by addresses that mean one thing."""

import pytest

from chalicelib.adapters.imagery.hosts import Hosts, address_of, shown
from chalicelib.domain.errors import Invalid

HOSTS = Hosts(["cogs.example.org", "cogs.example.org:8443", "http://nas.local:8080", "s3://land-pictures", "[::1]:444"])


@pytest.mark.parametrize(
    "href",
    [
        "https://cogs.example.org/a.tif",
        "HTTPS://COGS.example.ORG./a.tif?sig=1#x",
        "https://cogs.example.org:443/a.tif",
        "https://cogs.example.org:8443/a.tif",
        "http://nas.local:8080/a.tif",
        "s3://land-pictures/2025/a.tif",
        "https://[::1]:444/a.tif",
    ],
)
def test_what_was_named_may_be_asked(href):
    assert address_of(href) in HOSTS


@pytest.mark.parametrize(
    "href",
    [
        "http://cogs.example.org/a.tif",
        "https://cogs.example.org:22/a.tif",
        "https://cogs.example.org:0/a.tif",
        "https://evil.cogs.example.org/a.tif",
        "https://cogs.example.org.evil.com/a.tif",
        "https://nas.local:8080/a.tif",
        "http://nas.local/a.tif",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "https://10.0.0.1/a.tif",
        "http://127.0.0.1/a.tif",
        "http://[::ffff:169.254.169.254]/a.tif",
        "http://2852039166/a.tif",
        "s3://land-pictures2/a.tif",
    ],
)
def test_nothing_else_may(href):
    assert address_of(href) not in HOSTS


@pytest.mark.parametrize(
    "href",
    [
        "https://cogs.example.org@10.0.0.1/a.tif",
        "https://user:word@cogs.example.org/a.tif",
        "https://cogs.example.org\\@10.0.0.1/a.tif",
        "https://10.0.0.1\t.cogs.example.org/a.tif",
        "https://cogs.example.org:80a/a.tif",
        "https://cogs.example.org:99999/a.tif",
        "https:///a.tif",
        "https://[::1/a.tif",
        "//cogs.example.org/a.tif",
        "ftp://cogs.example.org/a.tif",
        "gs://land-pictures/a.tif",
        "file:///etc/passwd",
        "a.tif",
    ],
)
def test_what_programs_read_differently_or_nobody_asks_is_no_address(href):
    assert address_of(href) is None


@pytest.mark.parametrize("text", ["", "https://a.org/path", "user@a.org", "ftp://a.org", "a b", "*:x", "http://"])
def test_a_setting_that_names_no_host_is_refused(text):
    with pytest.raises(Invalid, match=r"BHUPRAHARI_ARCHIVE_HOSTS names hosts"):
        Hosts([text])


def test_a_host_is_named_back_as_the_setting_takes_it():
    assert str(HOSTS) == "[::1]:444, cogs.example.org, cogs.example.org:8443, http://nas.local:8080, s3://land-pictures"
    assert all(str(Hosts([each])) == each for each in str(HOSTS).split(", "))
    assert not Hosts()


def test_secrets_in_an_address_are_not_shown():
    assert shown("https://user:word@a.org/b@c.tif?sig=x#y") == "https://a.org/b@c.tif"
    assert shown("2025/a.tif") == "2025/a.tif"
