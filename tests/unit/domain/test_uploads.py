"""What S3 says of uploads, and what is made of it: a hint to look, never the last word."""

import json
import logging

import pytest

from chalicelib.application.index_uploads import index_uploads
from chalicelib.domain.errors import BadMessage, ProviderUnavailable
from chalicelib.domain.uploads import TEST, Upload, uploads_in

PLACE = "s3://bhuprahari-dev-archive/flights"


def told(*keys, bucket="bhuprahari-dev-archive"):
    named = [{"s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "0A"}}} for key in keys]
    return json.dumps({"Records": named})


class Looked:
    """An archive that counts how often it is looked at."""

    def __init__(self, error=None):
        self.times, self._error = 0, error

    def refresh(self):
        self.times += 1
        if self._error:
            raise self._error


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("flights/lake+2025.json", "flights/lake 2025.json"),
        ("flights/1%2B1.tif", "flights/1+1.tif"),
        ("flights/100%25.tif", "flights/100%.tif"),
        ("%E0%A4%AD%E0%A5%82.json", "भू.json"),
        ("a%2520b.json", "a%20b.json"),
    ],
)
def test_a_key_is_read_as_it_was_written(written, key):
    assert uploads_in(told(written)) == [Upload("bhuprahari-dev-archive", key)]


def test_a_test_of_s3s_names_nothing():
    assert uploads_in(json.dumps({"Service": "Amazon S3", "Event": TEST, "Bucket": "b"})) == []


@pytest.mark.parametrize(
    "body",
    ["", "no JSON", "[]", "null", "7", '"text"', "{}", '{"Records": null}', '{"Records": [{}]}', '{"Records": [7]}']
    + ['{"Records": [{"s3": {"bucket": "b", "object": {"key": "k"}}}]}', '{"Records": [{"s3": null}]}'],
)
def test_what_is_no_notification_is_told_from_one(body):
    with pytest.raises(BadMessage, match="no notification of S3"):
        uploads_in(body)


@pytest.mark.parametrize(
    ("key", "bucket", "looks"),
    [
        ("flights/a.json", "bhuprahari-dev-archive", 1),
        ("flights/2025/a.json", "bhuprahari-dev-archive", 1),
        ("flights2/a.json", "bhuprahari-dev-archive", 0),
        ("a.json", "bhuprahari-dev-archive", 0),
        ("flights/a.json", "bhuprahari-prod-archive", 0),
    ],
)
def test_what_lies_beside_the_archive_is_no_reason_to_look(key, bucket, looks):
    archive = Looked()
    index_uploads([told(key, bucket=bucket)], archive=archive, place=PLACE)
    assert archive.times == looks


def test_a_thousand_uploads_are_answered_by_one_look():
    archive = Looked()
    index_uploads([told(f"flights/{number}.json") for number in range(1000)], archive=archive, place=PLACE)
    assert archive.times == 1


def test_a_message_that_nobody_understands_keeps_the_others_from_nothing(caplog):
    archive = Looked()
    with caplog.at_level(logging.WARNING):
        index_uploads(["no JSON"], archive=archive, place=PLACE)
    assert archive.times == 1, "something happened: who looks misses nothing"
    assert [record.message for record in caplog.records] == ["notification not understood"]


def test_an_archive_that_is_away_brings_the_messages_back():
    with pytest.raises(ProviderUnavailable, match="away"):
        index_uploads([told("flights/a.json")], archive=Looked(ProviderUnavailable("away")), place=PLACE)


def test_a_stage_without_an_archive_has_nothing_to_look_at():
    index_uploads([told("a.json"), "no JSON"], archive=None, place="")
