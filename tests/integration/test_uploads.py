"""An upload's notification, from S3 over SQS into the index: whatever comes first, twice, late or not at all."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from uuid import uuid4

import cv2
import pytest

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.indexed import Indexed
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.s3_item_store import S3ItemStore
from chalicelib.application.index_uploads import index_uploads
from chalicelib.domain.errors import ProviderUnavailable
from tests.support.builders.archives import item, noise, rows_of, square
from tests.support.standins.aws import away, aws
from tests.support.timing import at_once

AREA = square(28.6, 77.2, width_px=300, height_px=200, gsd_m=0.5).bounds
PICTURE = cv2.imencode(".png", noise(64, rows_of(AREA, 64)))[1].tobytes()
PREFIX = "flights of 2025"


class Bucket:
    """A bucket that tells a queue of what comes below its prefix and goes, and the index of that prefix."""

    def __init__(self, engine):
        self.s3, self.sqs, self.name = aws().client("s3"), aws().client("sqs"), aws().make_bucket()
        self.place = f"s3://{self.name}/{PREFIX}"
        self.queue = self.sqs.create_queue(QueueName=f"uploads-{uuid4().hex}")["QueueUrl"]
        told = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events = {"QueueArn": told, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        notifications = {"QueueConfigurations": [events]}
        self.s3.put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=notifications)
        self.index, self.asked = SqlArchiveIndex(engine), Counter()

    def put(self, name, content, *, prefix=PREFIX):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.s3.put_object(Bucket=self.name, Key=f"{prefix}/{name}", Body=body)

    def remove(self, name):
        self.s3.delete_object(Bucket=self.name, Key=f"{PREFIX}/{name}")

    def told(self):
        """Give the notifications that wait, S3's own test among them."""
        bodies = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            bodies += [each["Body"] for each in batch]
            for each in batch:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return bodies

    def archive(self, client=None):
        """Give the archive as a function has it that has just begun."""
        client = client or aws().own_client("s3")
        client.meta.events.register("before-call.s3", lambda model, **_: self.asked.update([model.name]) and None)
        return ArchiveImagery(TERMS, S3ItemStore(client, bucket=self.name, prefix=PREFIX), self.holdings)

    def holdings(self, store=None):
        ways = {"clock": lambda: datetime.now(UTC), "sleep": time.sleep, "monotonic": time.monotonic}
        return Indexed(store, self.index, place=self.place, **ways)

    def invoked(self, bodies, client=None):
        index_uploads(bodies, archive=self.archive(client), place=self.place)

    @property
    def items(self):
        """The items that a tile would find: asked of the index alone."""
        return {each.item.item_id for each in self.holdings().named(["lake", "well", "टंकी"])}


@pytest.fixture
def bucket(engine):
    return Bucket(engine)


def of(name, href="./lake 1+1.png", **more):
    return item(AREA, item_id=name, href=href, **more)


@pytest.mark.parametrize("first", ["picture", "item"])
def test_an_upload_is_in_the_index_once_its_notification_came(bucket, first):
    parts = {"picture": ("lake 1+1.png", PICTURE), "item": ("झील 100%.json", of("lake"))}
    bucket.put(*parts.pop(first))
    bucket.invoked(bucket.told())
    assert bucket.items == set(), "half of it is no use"
    bucket.put(*next(iter(parts.values())))
    bucket.invoked(bucket.told())
    assert bucket.items == {"lake"}


def test_nothing_is_read_but_what_came(bucket):
    bucket.put("lake 1+1.png", PICTURE)
    bucket.put("lake.json", of("lake"))
    bucket.invoked(bucket.told())
    bucket.put("well.png", PICTURE)
    bucket.put("well.json", of("well", href="well.png"))
    bucket.asked.clear()
    bucket.invoked(bucket.told())
    assert bucket.items == {"lake", "well"}
    assert bucket.asked == {"ListObjectsV2": 1, "GetObject": 2}


def test_what_was_removed_is_dropped_and_what_was_replaced_is_read_anew(bucket):
    bucket.put("lake 1+1.png", PICTURE)
    for name in ("lake", "well"):
        bucket.put(f"{name}.json", of(name))
    bucket.invoked(bucket.told())
    assert bucket.items == {"lake", "well"}
    bucket.remove("well.json")
    bucket.put("lake.json", of("टंकी"))
    bucket.invoked(bucket.told())
    assert bucket.items == {"टंकी"}
    bucket.remove("lake 1+1.png")
    bucket.invoked(bucket.told())
    assert bucket.items == set(), "an item without its picture"


def test_doubled_late_and_out_of_order_they_end_where_the_bucket_is(bucket):
    bucket.put("lake.json", of("lake"))
    bucket.put("lake 1+1.png", PICTURE)
    bucket.remove("lake.json")
    bucket.put("lake.json", of("well"))
    bodies = bucket.told()
    bucket.invoked(bodies[::-1] * 2)
    assert bucket.items == {"well"}
    bucket.asked.clear()
    for body in bodies:
        bucket.invoked([body])
    assert bucket.items == {"well"}
    assert "GetObject" not in bucket.asked, "known by its version"


def test_many_functions_at_once_read_an_upload_once(bucket):
    bucket.put("lake 1+1.png", PICTURE)
    bucket.put("lake.json", of("lake"))
    bodies = bucket.told()
    archives = [bucket.archive() for _ in range(4)]
    at_once(*(lambda each=each: index_uploads(bodies, archive=each, place=bucket.place) for each in archives))
    assert bucket.items == {"lake"}
    assert bucket.asked["GetObject"] == 2


@pytest.mark.parametrize(
    "content", [b"\xff\xfe{", b'{"type": "FeatureCollection", "features": []}', b'{"version": 3}', b"", b"[1, 2]"]
)
def test_json_of_others_keeps_no_item_from_the_index(bucket, content):
    bucket.put("lake 1+1.png", PICTURE)
    bucket.put("package.json", content)
    bucket.put("lake.json", of("lake"))
    bucket.invoked(bucket.told())
    assert bucket.items == {"lake"}


def test_what_lies_beside_the_archive_costs_no_request(bucket):
    bucket.invoked(bucket.told())  # S3's test
    bucket.put("lake.json", of("lake"), prefix="flights")
    bucket.invoked(bucket.told())
    assert not bucket.asked


def test_a_bucket_that_is_away_brings_the_notification_back_and_nothing_is_lost(bucket):
    bucket.put("lake 1+1.png", PICTURE)
    bucket.put("lake.json", of("lake"))
    bodies = bucket.told()
    with pytest.raises(ProviderUnavailable, match="cannot be listed"):
        bucket.invoked(bodies, client=away("s3"))
    assert bucket.items == set()
    bucket.invoked(bodies)
    assert bucket.items == {"lake"}


def test_a_notification_that_was_lost_is_made_up_for_by_the_minutes_listing(bucket):
    bucket.put("lake 1+1.png", PICTURE)
    bucket.put("lake.json", of("lake"))
    bucket.told()
    bucket.archive().refresh()
    assert bucket.items == {"lake"}
